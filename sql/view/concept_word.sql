-- One phrase a concept as a name says it: "margins: spiculated" is "spiculated", a calcification one of many.
create macro concept_word(concept) as
    replace(split_part(concept, ': ', 2), 'calcification', 'calcifications')
