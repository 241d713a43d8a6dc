-- One row a unit and concept: how well the unit detects it, with the overlap of its map and the outlines (IoU).
with common as (
    select unit, concept, sum(pixels) as pixels
    from stored_common_pixels
    group by all
),

responding as (
    select unit, sum(pixels) as pixels
    from stored_unit_pixels
    group by all
),

outlined as (
    select concept, sum(pixels) as pixels
    from stored_concept_pixels
    group by all
)

select
    detected.*,
    coalesce(common.pixels, 0) / (responding.pixels + outlined.pixels - coalesce(common.pixels, 0)) as iou
from detected
join responding using (unit)
join outlined using (concept)
left join common using (unit, concept)
order by unit, concept
