-- One row a patient who is in the partitions more than once.
select patient, string_agg(partition, ', ' order by partition) as partitions
from partition
group by all
having count(*) > 1
