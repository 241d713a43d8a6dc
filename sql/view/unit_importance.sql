-- One row a class and unit: how important it is by three ways of ranking, side by side; equal values share a rank.
-- influence: share of the scans in whose top places the unit is (Sec. 2.2); contribution and ablation: `unit_effect`.
create macro unit_importance(partitions := ['test']) as table
with place as (
    select scan, class, influence.unit
    from influence
    join scan using (scan)
    join partition using (patient)
    where list_contains(partitions, partition)
),

frequent as (
    select class, unit, count(*) / (select count(distinct scan) from place) as frequency
    from place
    group by all
)

select
    class,
    unit,
    coalesce(frequency, 0) as influence,
    contribution,
    ablation,
    rank() over (partition by class order by coalesce(frequency, 0) desc) as influence_rank,
    rank() over (partition by class order by contribution desc) as contribution_rank,
    rank() over (partition by class order by ablation desc) as ablation_rank
from unit_effect(partitions)
left join frequent using (class, unit)
order by class, influence_rank, contribution_rank, unit
