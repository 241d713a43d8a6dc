-- One row a class: a patch's logit and probability, and what they would be if the listed units were silent.
create macro what_if(patch, units) as table
with summed as (
    select
        class,
        sum(pooled(maximum, mean) * weight) + any_value(bias) as logit,
        sum(if(list_contains(units, unit), 0, pooled(maximum, mean) * weight)) + any_value(bias) as logit_without
    from activation
    join weight using (unit)
    join bias using (class)
    where activation.patch = patch
    group by all
),

compared as (
    select
        *,
        exp(logit - max(logit) over ()) as odds,
        exp(logit_without - max(logit_without) over ()) as odds_without
    from summed
)

select
    class,
    logit,
    logit_without,
    odds / sum(odds) over () as probability,
    odds_without / sum(odds_without) over () as probability_without
from compared

union all by name

select null as class where not known_patch(patch)
    or (select not coalesce(bool_and(known_unit(silent)), true) from (select unnest(units) as silent))
order by severity(class)
