-- One row a class and two ways of ranking its units: Spearman's rank correlation, with its 95 % interval as of units
-- drawn at random (Bonett and Wright 2000, doi 10.1007/BF02294183); null where a way tells none apart, and where three
-- units or fewer leave no interval. Equal values share the mean of their ranks.
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
),

correlated as (
    select
        class, one.way as one, other.way as other, nullif(corr(one.rank, other.rank), 'nan') as correlation,
        count(*) as units
    from ranked as one
    join ranked as other using (class, unit)
    where one.way > other.way
    group by class, one.way, other.way
),

reached as (
    select
        *, atanh(greatest(-1, least(1, correlation))) as z,
        1.959963984540054 * sqrt((1 + correlation ** 2 / 2) / if(units > 3, units - 3, null)) as reach
    from correlated
)

select class, one, other, correlation, tanh(z - reach) as low, tanh(z + reach) as high, units
from reached
order by severity(class), one, other
