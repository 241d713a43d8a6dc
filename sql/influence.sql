-- One row a scan, class and rank: the units most influential towards the class, whatever the decision (Sec. 2.2).
-- "The unit's maximum activation score on that image multiplied by the weight of that unit for a given output class."
-- The smaller unit comes first in a tie.
select
    scan,
    class,
    unit,
    maximum * weight as influence,
    row_number() over (partition by scan, class order by influence desc, unit) as rank
from response
join weight using (unit)
qualify rank <= $top
