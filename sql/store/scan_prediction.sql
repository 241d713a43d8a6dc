-- One row a scan and class.
select *
from gathered
order by scan, class
