-- One row a probed scan: what its figure shows besides pixels (Figs. 4 and 5).
-- "We only print up to five units that have been annotated"; where none is, the most influential without names.
with shown as (
    select scan, unit, influence, phenomenon, rank
    from influence
    join decision using (scan, class)
    left join (from unit_phenomenon where checkpoint = $checkpoint) using (unit)
    qualify row_number() over (partition by scan order by phenomenon is null, rank) <= $named
        and (phenomenon is not null or max(phenomenon) over (partition by scan) is null)
),

units as (
    select scan, to_json(list({unit: unit, influence: influence, phenomenon: phenomenon} order by rank)) as units
    from shown
    group by all
),

outlined as (
    select
        scan,
        to_json(flatten(list(list_transform(outline, lambda ring: list_transform(ring, lambda p: [p.x, p.y])))))
            as rings,
        string_agg(report, ' ' order by abnormality) as report, max(assessment) as assessment, min(subtlety) as subtlety
    from lesion
    group by all
)

select
    scan, scan_number, rows, columns, coalesce(rings, '[]') as rings, coalesce(report, '') as report, assessment,
    subtlety, coalesce(scan_class.class, 'unproven') as truth, decision.class as decided, probability, units
from decision
join scan using (scan)
join units using (scan)
left join outlined using (scan)
left join scan_class using (scan)
order by scan_number
