-- One row a unit, and one of the bias without a unit: terms that sum to the logit of the patch for the class.
-- A head that averages each map counts its mean here, and not the maximum of Sec. 2.2; see `layer.pool`.
create macro patch_ledger(patch, class) as table
select activation.unit, pooled(maximum, mean) as pooled, weight, pooled(maximum, mean) * weight as term
from activation
join weight using (unit)
where activation.patch = patch and weight.class = class

union all

select null as unit, null as pooled, null as weight, bias as term
from bias
where bias.class = class

union all by name

select null as unit where not known_patch(patch)
order by term desc, unit
