-- One row a class: the share of all top places that the units to annotate take, with its interval.
with ranked as (
    select class, count(*) as units
    from unit_rank
    group by all
)

select class, units, coverage, low, high
from coverage
join ranked using (class, units)
order by class
