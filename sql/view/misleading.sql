-- One row an error and unit: in how many wrong decisions of some partitions the unit is among those that argued most
-- for them, of how many errors, and how many its silence alone corrects.
create macro misleading(units := 8, partitions := ['holdout']) as table
with argued as (
    select scan, error, argument.unit, lead
    from argument
    join scan using (scan)
    join partition using (patient)
    where error is not null and lead > 0 and list_contains(partitions, partition)
    qualify row_number() over (partition by scan order by lead desc, argument.unit) <= units
),

errors as (select error, count(distinct scan) as errors from argued group by error)

select
    error, unit, format('unit_{:04d}', unit + 1) as name, phenomenon, count(*) as decisions, errors,
    count(*) filter (alone) as corrected
from argued
join errors using (error)
left join silence using (scan, unit)
left join (from unit_phenomenon semi join layer using (checkpoint)) using (unit)
group by all
order by error, decisions desc, unit
