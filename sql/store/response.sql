-- One row a scan and unit.
select *
from stored_response
order by scan, unit
