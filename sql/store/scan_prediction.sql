-- One row a scan and class.
select *
from store.scan_prediction
order by scan, class
