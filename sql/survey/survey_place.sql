-- One row a class, patient and unit: how many top-8 places the unit takes, and its rank where it is to be annotated.
select class, patient, influence.unit, unit_rank.rank, count(*) as places
from influence
left join unit_rank using (class, unit)
join scan using (scan)
join partition using (patient)
where list_contains($partitions, partition)
group by all
order by all
