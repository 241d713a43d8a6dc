-- One row a class and two ways of ranking its units: Spearman's rank correlation; null where a way tells none apart.
-- Equal values share the mean of their ranks.
create macro importance_agreement(partitions := ['test']) as table
with importance as (
    unpivot (from unit_importance(partitions)) on influence, contribution, ablation into name way value importance
),

ranked as (
    select
        class,
        unit,
        way,
        rank() over (partition by class, way order by importance)
            + (count(*) over (partition by class, way, importance) - 1) / 2 as rank
    from importance
)

select
    class,
    one.way as one,
    other.way as other,
    nullif(corr(one.rank, other.rank), 'nan') as correlation,
    count(*) as units
from ranked as one
join ranked as other using (class, unit)
where one.way > other.way
group by class, one.way, other.way
order by severity(class), one.way, other.way
