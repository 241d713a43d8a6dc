-- One row a scan, class and unit.
select *
from store.evidence
order by scan, class, unit
