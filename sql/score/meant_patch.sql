-- One row an unseen patch, by number: whether it shows a lesion that $meant means, by the rule of `label`, or nothing
-- of one; neither where it is only grazed, or one is on the scan of which nobody knows the place.
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
),

nowhere as (
    select distinct scan
    from lesion
    semi join meant_lesion($meant) using (lesion)
    where len(outline) = 0
)

select
    patch, patient, finding, coalesce(present, false) and finding as shows,
    present is null and nowhere.scan is null as lacks
from (select distinct patch from unseen)
join finding_patch using (patch)
join patch using (patch)
join scan using (scan)
left join met using (patch)
left join nowhere using (scan)
order by patch
