-- One row a scan with all its lesions: what is needed to cut it.
with outlined as (
    select
        scan,
        list({lesion: lesion, x: x, y: y, width: width, height: height, outline: outline} order by lesion) as lesions
    from lesion
    where len(outline) > 0
    group by all
)

select
    scan_number, scan, file, source_kind, rows, columns, bits, digitizer, coalesce(lesions, []) as lesions,
    to_json(described) ->> 'fingerprint' as fingerprint -- earlier versions have no such column
from scan as described
left join outlined using (scan)
order by scan_number
