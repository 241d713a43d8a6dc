-- One row a partition and class: its patients, by their worst pathology, and how many the partition has.
select partition, class.class, count(*) filter (pathology = class.class) as patients, count(*) as total
from partition
join patient_pathology using (patient)
cross join class
where known or pathologies <> []
group by partition, class.class, place, known
having patients > 0 or known
order by partition, place desc
