-- One row a patch shown of a unit: its first $shown top patches, then $beside of middle and $beside of low activation.
-- Middle lies around the median; the lowest come first from every patient in turn, as black corners all look alike.
with ordered as (
    select
        patch, patient, maximum,
        row_number() over (order by maximum desc, patch) as place, count(*) over () as patches
    from activation
    join patch using (patch)
    join scan using (scan)
    join partition using (patient)
    where activation.unit = $unit and list_contains($partitions, partition)
),

chosen as (
    select patch, 'top' as activation, rank, maximum
    from top_patch
    where unit = $unit and rank <= $shown
    union all
    select patch, 'middle', place - patches // 2 + $beside // 2, maximum
    from ordered
    where place > $shown and place - patches // 2 + $beside // 2 between 1 and $beside
    union all
    select patch, 'low', row_number() over (order by turn, maximum, patch), maximum
    from (
        select *, row_number() over (partition by patient order by maximum, patch) as turn
        from ordered
        where place > $shown and place > patches // 2 + $beside
    )
    qualify row_number() over (order by turn, maximum, patch) <= $beside
)

select
    activation, chosen.rank, chosen.maximum, patch, x, y, scan, scan_number, class,
    coalesce(width, size) as width, coalesce(height, size) as height
from chosen
join patch using (patch)
join scan using (scan)
left join patch_size using (patch)
left join label using (patch)
order by activation = 'low', activation = 'middle', chosen.rank
