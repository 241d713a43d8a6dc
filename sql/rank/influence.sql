-- One row a scan, class and rank: the units most influential towards the class, whatever the decision (Sec. 2.2).
-- "The unit's maximum activation score on that image multiplied by the weight of that unit for a given output class."
-- The smaller unit comes first in a tie.
with influential as (
    select scan, class, unit, maximum * weight as influence
    from response
    join weight using (unit)
),

-- all units that can be at the top, ties included: sorting these alone is many times as fast as sorting every one
bound as (
    select scan, class, list_min(max(influence, $top)) as least_influence
    from influential
    group by all
)

select
    scan,
    class,
    unit,
    influence,
    row_number() over (partition by scan, class order by influence desc, unit) as rank
from influential
join bound using (scan, class)
where influence >= least_influence
qualify rank <= $top
