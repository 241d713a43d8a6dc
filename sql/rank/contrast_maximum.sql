-- One row a ranked unit and labelled, probed patch of the partitions: the unit's maximum, by unit and patch.
select activation.unit, maximum
from activation
semi join unit_rank using (unit)
semi join label using (patch)
join patch using (patch)
join scan using (scan)
join partition using (patient)
where list_contains($partitions, partition)
order by activation.unit, patch
