-- One row an explained scan with an outlined lesion: its outlines, and its units by rank with where they peak.
with peaked as (
    select
        scan, unit, explanation.rank,
        {x: "offset" + peak_x * stride + 0.5, y: "offset" + peak_y * stride + 0.5} as peak
    from explanation
    join response using (scan, unit)
    join scan_map using (scan, unit)
    cross join layer
),

outlined as (
    select scan, flatten(list(outline order by lesion)) as rings
    from lesion
    semi join (from lesion_class where known) using (lesion)
    group by all
)

select
    scan, patient, pathology, rows, columns, side, patches_across, whole, stride, "offset",
    list(peaked.unit order by rank) as units,
    list(peak order by rank) as peaks, any_value(rings) as rings
from peaked
semi join (from scan_map where shows = 'class activation map') as activated using (scan)
join outlined using (scan)
join scan using (scan)
join partition using (patient)
join patient_pathology using (patient)
cross join layer
cross join domain
cross join (select max(parameters ->> '$.whole') as whole from stage where stage = 'cut') as cut_whole
where list_contains($partitions, partition) and len(rings) > 0
group by all
order by scan
