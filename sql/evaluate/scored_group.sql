-- One row a partition, level, class and what it is told from, of items that were answered.
select distinct partition, level, class, against
from scored
where list_contains($partitions, partition)
order by partition, list_position(['patch', 'scan', 'patient'], level), severity(class), against desc
