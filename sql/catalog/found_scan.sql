-- One row a scan that the source holds; a scan found twice is taken once, and numbers follow the names.
with each as (
    select unnest(scans, recursive := true)
    from found
)

select each.*, black, white, (row_number() over (order by scan) - 1)::integer as scan_number
from each
left join decided using (scan)
qualify row_number() over (partition by scan order by file) = 1
