-- One row a class: the share of all top-8 places that the units to annotate take, with its interval and the places.
with ranked as (
    select class, count(*) as units
    from unit_rank
    group by all
),

counted as (
    select class, count(*) as n
    from influence
    join scan using (scan)
    join partition using (patient)
    where list_contains(
        (select cast(parameters -> 'partitions' as varchar[]) from stage where stage = 'rank'), partition
    )
    group by all
)

select class, units, coverage, low, high, n
from coverage
join ranked using (class, units)
join counted using (class)
order by class
