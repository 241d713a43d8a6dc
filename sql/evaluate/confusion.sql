-- One row a partition, level, known class and class decided for, of items that were answered.
with decision as (
    select partition, level, item, known, class as decided
    from answered
    where list_contains($partitions, partition)
    qualify row_number() over (
        partition by partition, level, item order by probability desc, severity(class) desc
    ) = 1
)

select partition, level, known as class, decided, count(*) as items
from decision
group by all
order by all
