-- One row a patch and class whose terms do not give its probability: softmax of bias + sum of mean x weight.
with logit as (
    select patch, class, sum(mean * weight) + any_value(bias) as logit
    from activation
    join weight using (unit)
    join bias using (class)
    group by all
),

ledger as (
    select patch, class, exp(logit - max(logit) over (partition by patch)) as odds
    from logit
)

select patch, class, probability, odds / sum(odds) over (partition by patch) as of_ledger
from prediction
left join ledger using (patch, class)
qualify not coalesce(abs(probability - of_ledger) <= 1e-3, false)
