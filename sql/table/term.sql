-- One row a term of the lexicon: what keywords say of lesions, and what experts choose from.
create table term (
    number integer, -- in the order in which experts see them, from 1
    category varchar, -- what a survey groups attributes by
    attribute varchar, -- what it says something about: shape, margins, ...; the lesion type is the category itself
    term varchar,
    place integer -- where its attribute stands in a name, from 1; null where none has it
)
