-- One row a probed patch and concept that a lesion on it has: present by the rule of `label`, else merely grazed.
-- What an unproven lesion is nobody knows: it grazes both pathologies. One of unknown place grazes all of its scan.
with met as (
    select patch, concept, cover, within
    from overlap
    join lesion_concept using (lesion)
    union all
    select patch, 'pathology: ' || class.class, 0, 0
    from overlap
    semi join (from lesion_class where not known) using (lesion)
    cross join class
    where class.known and not class.rest
    union all
    select patch, concept, 0, 0
    from patch
    join (select scan, lesion from lesion where len(outline) = 0) using (scan)
    join lesion_concept using (lesion)
),

rule as (
    select (parameters ->> '$.cover')::double as cover, (parameters ->> '$.within')::double as within
    from stage
    where stage = 'cut'
)

select
    patch, concept,
    shows(met.cover, met.within, any_value(rule.cover), any_value(rule.within)) as present
from met
cross join rule
semi join (from activation where unit = 0) using (patch)
group by all
order by concept, patch
