-- One row a patch and class whose terms do not give its logit to 1e-4: bias + sum of pooled map x weight, as
-- log-probability.
-- Smallest probabilities count as 1e-300, so that their logarithm is a number.
select
    patch,
    class,
    ln(greatest(prediction.probability, 1e-300)) as said,
    ln(greatest(patch_logit.probability, 1e-300)) as of_ledger
from prediction
left join patch_logit using (patch, class)
where exists (from weight) and not coalesce(abs(said - of_ledger) <= 1e-4, false)
