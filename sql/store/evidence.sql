-- One row a scan, class and unit.
select *
from gathered
order by scan, class, unit
