-- One number a concept: where its attribute stands in a name, "small red discs".
create macro attribute_place(concept) as coalesce((
    select of_place from (select attribute as of_attribute, min(place) as of_place from term group by attribute)
    where of_attribute = split_part(concept, ': ', 1)
), 0)
