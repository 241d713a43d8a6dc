-- One row a ranked unit: the name that its contrasts give it, in the columns of `annotation`. Without one nothing is
-- recognizable; `unit_remark` says of such a unit whether it answers to findings of all kinds.
with named as (
    select
        unit, string_agg(concept_word(concept), ' ' order by attribute_place(concept)) as phenomenon,
        list(concept) as concepts
    from contrast
    where named
    group by all
),

kind as (
    select unit, phenomenon, arg_min(category, number) as category
    from (select unit, phenomenon, unnest(concepts) as concept from named)
    left join term on starts_with(concept, attribute || ': ')
        and (concept = attribute || ': ' || term or attribute not in (select attribute from noun))
    group by all
),

associated as (
    select unit, arg_max(split_part(concept, ': ', 2), auroc) as association
    from contrast
    where starts_with(concept, 'pathology: ') and q < 0.05 and auroc > 0.5
    group by all
)

select
    unit, phenomenon, phenomenon is not null as recognizable,
    if(recognizable, coalesce(category, 'Other'), null) as category,
    if(recognizable, association, null) as association
from (select distinct unit from unit_rank)
left join kind using (unit)
left join associated using (unit)
order by unit
