-- One row a class and rank: the units most often in the top places of the scans, the smaller unit first in a tie.
-- "For each of the three classes, we selected the twenty most frequently influential units (60 total)" (Sec. 2.2).
with top_place as (
    select scan, class, influence.unit
    from influence
    join scan using (scan)
    join partition using (patient)
    where list_contains($partitions, partition)
),

frequent as (
    select class, unit, count(*) as scans
    from top_place
    group by all
)

select
    class,
    unit,
    scans,
    scans / (select count(distinct scan) from top_place) as frequency,
    row_number() over (partition by class order by scans desc, unit) as rank
from frequent
qualify rank <= $ranked
