-- One row: the ranked units, those that are named, and how many have each name, the most frequent first.
with named as (
    select phenomenon, count(*) as units
    from unit_called
    semi join unit_rank using (unit)
    where named
    group by all
)

select
    (select count(distinct unit) from unit_rank) as ranked,
    coalesce(sum(units), 0)::integer as named,
    coalesce(list({phenomenon: phenomenon, units: units} order by units desc, phenomenon), []) as names
from named
