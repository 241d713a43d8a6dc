-- One row a class and unit: what `unit_effect` says.
-- More than three outputs of a network are a list, as columns would be too many.
create macro unit_effect_many(partitions := ['test']) as table
with answered as (
    select patch, list(ln(greatest(probability, 1e-300)) order by output) as logs
    from prediction
    join network_output using (class)
    semi join (select patch from label join patch using (patch) join scan using (scan) join partition using (patient)
        where list_contains(partitions, partition)) using (patch)
    where (select count(*) from network_output) > 3
    group by patch
),

named as (select unit, class, output, weight from weight join network_output using (class)),

silenced as (
    select
        unit, pooled, logs, list_transform(logs, lambda log, i: log - pooled * weights[i]) as left_over,
        list_max(left_over) as top, list_sum(list_transform(left_over, lambda log: exp(log - top))) as odds
    from (select patch, unit, pooled(maximum, mean) as pooled from activation)
    join answered using (patch)
    join (select unit, list(weight order by output) as weights from named group by unit) using (unit)
),

lost as (
    select
        unit, pooled, generate_subscripts(logs, 1) as output,
        unnest(list_transform(logs, lambda log, i: exp(log) - exp(left_over[i] - top) / odds)) as ablation
    from silenced
)

select
    any_value(class) as class, unit, avg(pooled) * any_value(weight) as contribution, avg(ablation) as ablation,
    count(*) as patches
from lost
join named using (output, unit)
group by output, unit
