-- One row a scan and unit.
select *
from gathered
order by scan, unit
