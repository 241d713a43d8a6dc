-- One row: the partitions whose patches and scans ranked the units.
select cast(parameters -> 'partitions' as varchar[]) as partitions
from stage
where stage = 'rank'
