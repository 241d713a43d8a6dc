-- One row a concept of the lesions on probed patches of the partitions that no unit was tried for: too few patients.
select split_part(concept, ': ', 1) as attribute, concept, count(distinct patient) as patients
from lesion_concept
join overlap using (lesion)
semi join (from activation where unit = 0) using (patch)
join patch using (patch)
join scan using (scan)
join partition using (patient)
where list_contains($partitions, partition)
    and concept not in (select concept from contrast) and attribute <> 'pathology'
group by all
order by concept
