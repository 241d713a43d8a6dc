-- One row a ranked unit and concept that the unit tells from the other findings, or answers to less than to them.
-- At most five of either kind a unit, those of its name first; `dissect` is not needed.
with told as (
    select unit, concept, auroc, auroc_low, auroc_high, q, patients, named, auroc < 0.5 as less
    from contrast
    where against = 'findings' and q < 0.05 and not starts_with(concept, 'pathology')
)

select *
from told
qualify row_number() over (partition by unit, less order by named desc, abs(auroc - 0.5) desc, concept) <= 5
order by unit, less, named desc, abs(auroc - 0.5) desc, concept
