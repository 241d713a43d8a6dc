-- One row a file left out of the catalog, with the reason.
with each as (
    select unnest(rejected, recursive := true)
    from found
),

named as (
    select unnest(scans, recursive := true)
    from found
),

again as (
    select file, scan, first(file) over (partition by scan order by file) as taken
    from named
)

select file, 'catalog' as stage, reason
from each

union all

select file, 'catalog' as stage, format('The scan {} was found twice: {} was taken.', scan, taken) as reason
from again
where file <> taken
