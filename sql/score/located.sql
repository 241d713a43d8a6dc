-- One row an explained scan with an outlined lesion: its outlines, where its units peak, and its maps.
with peaked as (
    select
        scan, explanation.rank, {cells: map, columns: scan_map.map_width, rows: scan_map.map_height} as map,
        {x: "offset" + peak_x * stride + 0.5, y: "offset" + peak_y * stride + 0.5} as peak
    from explanation
    join response using (scan, unit)
    join scan_map using (scan, unit)
    cross join layer
),

outlined as (
    select scan, flatten(list(outline order by lesion)) as rings
    from lesion
    where pathology <> 'unproven'
    group by all
),

activated as (
    select scan, {cells: map, columns: map_width, rows: map_height} as class_activation_map
    from scan_map
    where shows = 'class activation map'
)

select
    scan, patient, pathology, rows, columns, side, stride, "offset", list(peak order by peaked.rank) as peaks,
    list(map order by peaked.rank) as maps, any_value(class_activation_map) as class_activation_map,
    any_value(rings) as rings
from peaked
join activated using (scan)
join outlined using (scan)
join scan using (scan)
join partition using (patient)
join patient_pathology using (patient)
cross join layer
where list_contains($partitions, partition) and len(rings) > 0
group by all
order by scan
