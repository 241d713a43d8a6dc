-- One row a patch with a class (Sec. 2.1): patches of which a finding is unproven have none.
-- Of the classes that the patch shows it has the most severe; see `shows`. A finding of the rest class gives none.
-- Where a finding is of which nobody knows the place, no patch of the scan has a class: any may show it.
with finding as (
    select patch, class, place
    from overlap
    join lesion_class using (lesion)
    group by all
    having shows(cover, within, $cover, $within)
),

worst as (
    select patch, coalesce(arg_max(finding.class, place), rest_class()) as class
    from patch
    left join finding using (patch)
    anti join unplaced on unplaced.scan = patch.scan
    group by all
)

select patch, class
from worst
semi join (from class where known) using (class)
