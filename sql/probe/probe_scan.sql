-- One row a scan of the partitions that could be decoded.
select scan, scan_number
from scan
join partition using (patient)
anti join (from rejected where stage = 'cut') using (file)
where list_contains($partitions, partition)
order by scan_number
