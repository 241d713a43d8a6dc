-- One row a class, patient and unit: how many top places the unit takes on the patient's scans (to resample patients).
select class, patient, influence.unit, count(*) as places
from influence
join scan using (scan)
join partition using (patient)
where list_contains($partitions, partition)
group by all
