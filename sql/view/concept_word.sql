-- One phrase a concept as a name says it: "colour: red" is "red", and a noun may be one of many.
create macro concept_word(concept) as coalesce((
    select any_value(of_said) from (select unnest(said, recursive := true) from domain) as of_domain (of_term, of_said)
    where of_term = split_part(concept, ': ', 2)
), split_part(concept, ': ', 2))
