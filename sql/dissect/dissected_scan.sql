-- One row a scan with probed patches: these, and its lesions with outlines and concepts, all in px of the film.
with named as (
    select lesion, list(concept order by concept) as concepts
    from lesion_concept
    group by all
),

outlined as (
    select
        scan,
        list({
            x: x, y: y, width: width, height: height, concepts: concepts,
            outline: list_transform(outline, lambda ring: list_transform(ring, lambda p: [p.x, p.y]))
        } order by lesion) as lesions
    from lesion
    join named using (lesion)
    where len(outline) > 0
    group by all
)

select
    scan_number, coalesce(any_value(lesions), []) as lesions,
    list({patch: patch, x: patch.x, y: patch.y, size: size} order by patch) as patches
from patch
semi join (from activation where unit = 0) using (patch)
join scan using (scan)
left join outlined using (scan)
group by all
order by scan_number
