-- One row a probed scan: what its figure shows besides pixels (Figs. 4 and 5), and its most influential units.
with influential as (
    select scan, list(unit order by rank) as influential
    from influence
    join decision using (scan, class)
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
    subtlety, coalesce(scan_class.class, unproven.class) as known, truth, decided, probability, influential
from judgement
join scan using (scan)
join influential using (scan)
left join outlined using (scan)
left join scan_class using (scan)
cross join (select class from class where not known and not rest) as unproven
order by scan_number
