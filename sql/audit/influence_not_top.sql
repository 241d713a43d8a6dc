-- One row an influence that is not the one of its rank, or of a scan and class whose ranks have gaps.
with again as (
    select
        scan, class, unit, maximum * weight as influence,
        row_number() over (partition by scan, class order by influence desc, unit) as rank
    from response
    join weight using (unit)
    semi join influence using (scan, class)
)

select
    scan, class, rank, influence.unit, influence.influence,
    again.unit as unit_again, again.influence as influence_again,
    count(*) over (partition by scan, class) <> max(rank) over (partition by scan, class) as gaps
from influence
left join again using (scan, class, rank)
qualify gaps or influence.unit is distinct from unit_again or influence.influence is distinct from influence_again
