-- One row a scan of the partitions with labelled patches: these.
select scan_number, list(patch order by patch) as patches
from label
join patch using (patch)
join scan using (scan)
join partition using (patient)
where list_contains($partitions, partition)
group by all
order by scan_number
