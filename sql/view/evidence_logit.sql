-- One row a scan, deciding cell and class: logit and probability at the cell, added up from the evidence.
-- `cell` is the class the cell decided for: where it is most probable; for normal the likelier of the other two.
create view evidence_logit as
with summed as (
    select scan, evidence.class as cell, weight.class, sum(activation * weight) + any_value(bias) as logit
    from evidence
    join weight using (unit)
    join bias on bias.class = weight.class
    group by all
),

compared as (
    select *, exp(logit - max(logit) over (partition by scan, cell)) as odds
    from summed
)

select scan, cell, class, logit, odds / sum(odds) over (partition by scan, cell) as probability
from compared
