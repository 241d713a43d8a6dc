-- One row a scan of the partitions: its patches.
select scan_number, list(patch order by patch) as patches
from patch
join scan using (scan)
join partition using (patient)
where list_contains($partitions, partition)
group by all
order by scan_number
