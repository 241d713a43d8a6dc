-- One row a unit and rank: the patches with the unit's largest maxima, the smaller patch first in a tie (Sec. 2.2).
-- "We display the top activating image patches sorted by their activation score."
with asked as (
    select patch
    from patch
    join scan using (scan)
    join partition using (patient)
    where list_contains($partitions, partition)
),

-- all patches that can be at the top, ties included: sorting these alone is ten times as fast as sorting every one
bound as (
    select unit, list_min(max(maximum, $top_patches)) as least_maximum
    from activation
    semi join asked using (patch)
    group by all
)

select
    unit,
    patch,
    maximum,
    row_number() over (partition by unit order by maximum desc, patch) as rank
from activation
semi join asked using (patch)
join bound using (unit)
where maximum >= least_maximum
qualify rank <= $top_patches
