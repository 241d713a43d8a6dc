-- One row an explained scan: what is known of it, what was decided, how probable each class was, and the size of its
-- maps (Figs. 4 and 5).
with reported as (
    select
        scan, string_agg(trim(report), ' ' order by abnormality, lesion) as report,
        max(assessment) as assessment, min(subtlety) as subtlety
    from lesion
    group by all
),

outlined as (
    select scan, flatten(list(outline order by lesion)) as rings
    from lesion
    group by all
),

answered as (
    select scan, map(list(class order by severity(class)), list(probability order by severity(class))) as probabilities
    from scan_prediction
    group by all
)

select
    scan, scan_number, patient, partition, laterality, "view", rows, columns, coalesce(report, '') as report,
    assessment, subtlety, coalesce(rings, []) as rings, truth, decided, probability, probabilities, error, map_width,
    map_height
from judgement
join answered using (scan)
join scan using (scan)
join partition using (patient)
semi join explanation using (scan)
left join reported using (scan)
left join outlined using (scan)
left join (select scan, map_width, map_height from scan_map where shows = 'class activation map') using (scan)
order by scan
