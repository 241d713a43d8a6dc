-- One row a probed patch and concept that a lesion on it has: present by the rule of `label`, else merely grazed.
-- What an unproven lesion is nobody knows: it grazes both pathologies.
with met as (
    select patch, concept, cover, within
    from overlap
    join lesion_concept using (lesion)
    union all
    select patch, unnest(['pathology: benign', 'pathology: malignant']), 0, 0
    from overlap
    semi join (from lesion where pathology = 'unproven') using (lesion)
),

rule as (
    select (parameters ->> '$.cover')::double as cover, (parameters ->> '$.within')::double as within
    from stage
    where stage = 'cut'
)

select
    patch, concept,
    least(1, round(sum(met.cover), 9)) >= any_value(rule.cover)
    or round(max(met.within), 9) >= any_value(rule.within) as present
from met
cross join rule
semi join (from activation where unit = 0) using (patch)
group by all
order by concept, patch
