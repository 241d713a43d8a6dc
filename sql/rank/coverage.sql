-- One row a class and number of units: the share of all top places the most frequent units take (Sec. 2.2).
-- "Those annotations would account for 59.27% of the per-image top eight units over all of the test set images."
with frequent as (
    select class, influence.unit, count(*) as places
    from influence
    join scan using (scan)
    join partition using (patient)
    where list_contains($partitions, partition)
    group by all
)

select
    class,
    row_number() over most_frequent as units,
    sum(places) over most_frequent / sum(places) over (partition by class) as coverage
from frequent
window most_frequent as (
    partition by class order by places desc, unit rows between unbounded preceding and current row
)
