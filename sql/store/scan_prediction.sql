-- One row a scan and class.
select *
from stored_scan_prediction
order by scan, class
