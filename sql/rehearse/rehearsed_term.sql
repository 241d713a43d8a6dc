-- One row a term that findings can have, in the order of the domain: the images and patients that show it, and of the
-- units that ranking tried for it the best one, one that it names before others; null where too few patients show it.
with term_once as (
    select attribute, term, attribute || ': ' || term as concept, min(number) as number
    from term
    where place is not null
    group by all
),

told as (
    select concept, arg_max(unit, named::integer + auroc) as unit, bool_or(named) as named
    from contrast
    where against = 'findings'
    group by all
)

select
    attribute, term, concept, count(distinct scan) as images, count(distinct patient) as patients,
    any_value(unit) as unit, coalesce(any_value(named), false) as named
from term_once
left join lesion_concept using (concept)
left join lesion using (lesion)
left join scan using (scan)
left join told using (concept)
group by attribute, term, concept, number
order by number
