-- One row an explained scan and unit: the $units that argued most for the decision, and against it.
with argued as (
    select scan, other, unit, lead, row_number() over (partition by scan order by lead desc, unit) as place
    from argument
    semi join explanation using (scan)
    qualify place <= $units or row_number() over (partition by scan order by lead, unit) <= $units
)

select scan, other, unit, lead, phenomenon
from argued
left join (from unit_phenomenon semi join layer using (checkpoint)) using (unit)
where lead <> 0
order by scan, place
