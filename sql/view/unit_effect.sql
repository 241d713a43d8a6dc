-- One row a class and unit: what the unit does to the class on the labelled patches of some partitions, on average.
-- contribution: its term, pooled map x weight; ablation: the class's probability with the unit less that without it.
create macro unit_effect(partitions := ['test']) as table
with answered as (
    select
        patch, max(ln(greatest(probability, 1e-300))) filter (is_rest(class)) as normal,
        max(ln(greatest(probability, 1e-300))) filter (class = 'benign') as benign,
        max(ln(greatest(probability, 1e-300))) filter (class = 'malignant') as malignant
    from prediction
    semi join (select patch from label join patch using (patch) join scan using (scan) join partition using (patient)
        where list_contains(partitions, partition)) using (patch)
    group by patch
),

named as (select unit, class as answer, if(is_rest(class), 'normal', class) as class, weight from weight),

head as (pivot named on class in ('normal', 'benign', 'malignant') using max(weight) group by unit),

silenced as (
    select
        unit, pooled, exp(a.normal) as was_normal, exp(a.benign) as was_benign, exp(a.malignant) as was_malignant,
        a.normal - pooled * head.normal as n, a.benign - pooled * head.benign as b,
        a.malignant - pooled * head.malignant as m, greatest(n, b, m) as top,
        exp(n - top) + coalesce(exp(b - top), 0) + exp(m - top) as odds
    from (select patch, unit, pooled(maximum, mean) as pooled from activation)
    join answered as a using (patch)
    join head using (unit)
),

averaged as (
    select
        unit, avg(pooled) as pooled, count(*) as patches, avg(was_normal - exp(n - top) / odds) as normal,
        avg(was_benign - exp(b - top) / odds) as benign, avg(was_malignant - exp(m - top) / odds) as malignant
    from silenced
    group by unit
)

select answer as class, unit, pooled * weight as contribution, ablation, patches
from (unpivot averaged on normal, benign, malignant into name class value ablation)
join named using (class, unit)
