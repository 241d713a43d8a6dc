-- One row a scan and unit.
select *
from store.response
order by scan, unit
