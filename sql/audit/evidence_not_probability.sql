-- One row a scan and class whose evidence does not give the logit of the deciding cell to 1e-4, as log-probability.
-- What is left is decided where a finding is likeliest: its evidence gives that finding, of which it is the rest to 1.
with finding as (
    select scan, max(probability) as probability
    from scan_prediction
    where not is_rest(class)
    group by all
),

cell as (
    select scan, cell as class, max(probability) as probability
    from evidence_logit
    where not is_rest(evidence_logit.class) and (is_rest(cell) or cell = evidence_logit.class)
    group by all
)

select
    scan,
    class,
    if(is_rest(class), finding.probability, scan_prediction.probability) as said,
    cell.probability as of_ledger
from scan_prediction
join finding using (scan)
left join cell using (scan, class)
where exists (from weight)
    and not coalesce(abs(ln(greatest(said, 1e-300)) - ln(greatest(of_ledger, 1e-300))) <= 1e-4, false)
    or is_rest(class) and abs(scan_prediction.probability + finding.probability - 1) > 1e-9
