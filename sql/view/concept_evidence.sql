-- One row a decided scan and concept: units of one name as one line, with what they add to the decided class's logit at
-- the cell that decided, their share of all that speaks for it there, and where their map peaks, in px of the film.
-- The place is null where the scan is not explained. Units without a name are a line too: with the bias all lines of a
-- scan add up to the logit.
create view concept_evidence as
with peaked as (
    select
        scan, phenomenon,
        coalesce(whole_image.size / side, least(rows, columns) / (patches_across * side)) as scale,
        list_position(map, list_max(map)) - 1 as cell,
        "offset" + cell % scan_map.map_width * stride + 0.5 as across,
        "offset" + cell // scan_map.map_width * stride + 0.5 as down
    from scan_map
    join scan using (scan)
    cross join layer
    cross join domain
    left join (select scan, size from patch join patch_size using (patch)) as whole_image using (scan)
    where shows = 'concept'
),

summed as (
    select
        scan, class, phenomenon, any_value(coalesce(named, false)) as named,
        count(*) filter (contribution <> 0) as units, sum(contribution) as contribution, sum(share) as share
    from contribution
    left join unit_called using (unit)
    group by all
)

select
    summed.scan, class, summed.phenomenon, named, units, contribution, share,
    round(across * scale)::integer as x, round(down * scale)::integer as y
from summed
left join peaked on peaked.scan = summed.scan and peaked.phenomenon is not distinct from summed.phenomenon
order by summed.scan, contribution desc, summed.phenomenon
