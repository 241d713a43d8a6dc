-- One row a scan and rank: the units most influential towards the decided class, and their names (Sec. 2.3).
-- "By looking up the corresponding expert annotations for those units, we are able to see which nameable visual
-- phenomena contributed to the network's final classification."
with named as (
    select unit, phenomenon
    from unit_phenomenon
    where checkpoint = $checkpoint
)

select scan, class, rank, influence.unit, influence, contribution, share, phenomenon
from influence
join decision using (scan, class)
left join contribution using (scan, class, unit)
left join named using (unit)
join scan using (scan)
join partition using (patient)
where list_contains($partitions, partition)
