-- One row a patch and class: logit and probability, added up from the units: bias + sum of pooled map x weight.
create view patch_logit as
with summed as (
    select patch, class, sum(pooled(maximum, mean) * weight) + any_value(bias) as logit
    from activation
    join weight using (unit)
    join bias using (class)
    group by all
),

compared as (
    select *, exp(logit - max(logit) over (partition by patch)) as odds
    from summed
)

select patch, class, logit, odds / sum(odds) over (partition by patch) as probability
from compared
