-- One row an unseen patch, by number: whether it shows a lesion that $meant means, by the rule of `label`, or nothing
-- of one; neither where it is only grazed.
with rule as (
    select (parameters ->> '$.cover')::double as cover, (parameters ->> '$.within')::double as within
    from stage
    where stage = 'cut'
),

met as (
    select
        patch,
        shows(overlap.cover, overlap.within, any_value(rule.cover), any_value(rule.within)) as present
    from overlap
    semi join meant_lesion($meant) using (lesion)
    cross join rule
    group by patch
)

select
    patch, patient, finding, coalesce(present, false) and finding as shows,
    present is null as lacks
from (select distinct patch from unseen)
join finding_patch using (patch)
join patch using (patch)
join scan using (scan)
left join met using (patch)
order by patch
