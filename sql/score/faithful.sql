-- One row an explained scan and curve: what its $depth most influential units do to the class decided, and what as many
-- random units do: deletion, by how much its probability falls without them; insertion, how probable it is by them.
with whole as (
    select scan, probability as whole
    from faithfulness
    where curve = 'deletion' and units = 0
)

select
    scan, patient, curve,
    if(curve = 'deletion', whole - probability, probability) as value,
    if(curve = 'deletion', list_transform(random, lambda chance: whole - chance), random) as random
from faithfulness
join whole using (scan)
join scan using (scan)
join partition using (patient)
where units = $depth and list_contains($partitions, partition)
order by curve, scan
