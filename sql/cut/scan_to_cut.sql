-- One row a scan with all its lesions: what is needed to cut it.
with outlined as (
    select
        scan,
        list({lesion: lesion, x: x, y: y, width: width, height: height, outline: outline} order by lesion) as lesions
    from lesion
    where len(outline) > 0
    group by all
),

reading as (
    select
        (parameters ->> 'window')::integer as "window",
        (parameters ->> 'raw')::boolean as raw,
        (parameters -> 'views')::varchar[] as views
    from stage
    where stage = 'catalog'
)

select
    scan_number, scan, file, source_kind, rows, columns, bits, digitizer, coalesce(lesions, []) as lesions,
    to_json(described) ->> 'fingerprint' as fingerprint, -- earlier versions have no such columns
    nullif(to_json(described) ->> 'unit', 'density') as unit, -- which is read as those versions read it
    (to_json(described) ->> 'black')::double as black,
    (to_json(described) ->> 'white')::double as white,
    "window", raw, views
from scan as described
left join reading on true
left join outlined using (scan)
order by scan_number
