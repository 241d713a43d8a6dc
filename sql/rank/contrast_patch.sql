-- One row a labelled patch that was probed, of the partitions, by number: its patient, and whether it shows a finding.
select patch, patient, finding
from finding_patch
semi join (from activation where unit = 0) using (patch)
join patch using (patch)
join scan using (scan)
join partition using (patient)
where list_contains($partitions, partition)
order by patch
