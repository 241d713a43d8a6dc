-- One row a probed scan: what its figure shows besides pixels (Figs. 4 and 5), and its most influential units.
-- "We only print up to five units that have been annotated"; where none is, the most influential without names.
with influential as (
    select scan, unit, influence, share, phenomenon, rank
    from influence
    join decision using (scan, class)
    left join contribution using (scan, class, unit)
    left join (from unit_phenomenon where checkpoint = $checkpoint) using (unit)
),

shown as (
    from influential
    qualify row_number() over (partition by scan order by phenomenon is null, rank) <= $named
        and (phenomenon is not null or max(phenomenon) over (partition by scan) is null)
),

units as (
    select scan, list({unit: unit, influence: influence, share: share, phenomenon: phenomenon} order by rank) as units
    from shown
    group by all
),

outlined as (
    select
        scan, flatten(list(outline)) as rings,
        string_agg(report, ' ' order by abnormality) as report, max(assessment) as assessment, min(subtlety) as subtlety
    from lesion
    group by all
)

select
    scan, scan_number, rows, columns, coalesce(rings, []) as rings, coalesce(report, '') as report, assessment,
    subtlety, coalesce(scan_class.class, 'unproven') as known, truth, decided, probability, units,
    (select list(unit order by rank) from influential where influential.scan = judgement.scan) as influential
from judgement
join scan using (scan)
join units using (scan)
left join outlined using (scan)
left join scan_class using (scan)
order by scan_number
