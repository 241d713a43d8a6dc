-- One row a scan that was cut, at most $scans of them, spread over the run by md5.
select scan, scan_number
from scan
semi join patch using (scan)
order by md5(scan)
limit $scans
