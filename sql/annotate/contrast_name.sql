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
    select
        unit, phenomenon,
        list_bool_or(list_transform(concepts, lambda one: one similar to '(shape|margins): .*|lesion type: .*mass.*'))
            as mass,
        list_bool_or(list_transform(
            concepts, lambda one: one similar to '(calcification type|distribution): .*|lesion type: .*calcification.*'
        )) as calcification
    from named
),

associated as (
    select unit, arg_max(split_part(concept, ': ', 2), auroc) as association
    from contrast
    where starts_with(concept, 'pathology: ') and q < 0.05 and auroc > 0.5
    group by all
)

select
    unit, phenomenon, phenomenon is not null as recognizable,
    case when mass then 'Mass' when calcification then 'Calcification' when recognizable then 'Other' end as category,
    if(recognizable, association, null) as association
from (select distinct unit from unit_rank)
left join kind using (unit)
left join associated using (unit)
order by unit
