-- One row a labelled patch: whether it shows a finding: one that its class says, or one of the rest's class, which has
-- keywords and no class of its own. By the rule of `label`; see `shows`.
create view finding_patch as
with rule as (
    select (parameters ->> '$.cover')::double as cover, (parameters ->> '$.within')::double as within
    from stage
    where stage = 'cut'
),

of_rest as (
    select patch
    from overlap
    semi join (select lesion from lesion where pathology = rest_class()) using (lesion)
    cross join rule
    group by patch
    having shows(overlap.cover, overlap.within, any_value(rule.cover), any_value(rule.within))
)

select patch, not rest or of_rest.patch is not null as finding
from label
join class using (class)
left join of_rest using (patch)
