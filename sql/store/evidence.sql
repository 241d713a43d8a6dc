-- One row a scan, class and unit.
select *
from stored_evidence
order by scan, class, unit
