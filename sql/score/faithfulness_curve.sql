-- One row a curve and number of units: the mean over the scans of some partitions, and between which means 95 % of the
-- random orders lie.
with chosen as (
    select scan, curve, units, probability, random
    from faithfulness
    join scan using (scan)
    join partition using (patient)
    where list_contains($partitions, partition)
),

drawn as (
    select curve, units, avg(chance) as chance
    from (select curve, units, unnest(random) as chance, generate_subscripts(random, 1) as random_order from chosen)
    group by curve, units, random_order
),

bounded as (
    select
        curve, units, avg(chance) as chance,
        quantile_cont(chance, 0.025) as low,
        quantile_cont(chance, 0.975) as high
    from drawn
    group by all
)

select
    curve, units, avg(probability) as probability, any_value(chance) as chance, any_value(low) as low,
    any_value(high) as high, count(*) as scans
from chosen
join bounded using (curve, units)
group by all
order by curve, units
