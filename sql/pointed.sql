-- One row an explained scan with an outlined lesion: where its most influential units peak, and its outlines.
with peaked as (
    select
        scan, explanation.rank,
        {x: "offset" + peak_x * stride + 0.5, y: "offset" + peak_y * stride + 0.5} as peak
    from explanation
    join response using (scan, unit)
    cross join layer
),

outlined as (
    select scan, flatten(list(outline order by lesion)) as rings
    from lesion
    where pathology <> 'unproven'
    group by all
)

select scan, patient, rows, columns, side, list(peak order by peaked.rank) as peaks, any_value(rings) as rings
from peaked
join outlined using (scan)
join scan using (scan)
join partition using (patient)
cross join layer
where list_contains($partitions, partition) and len(rings) > 0
group by all
order by scan
