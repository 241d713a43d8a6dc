-- One row a file left out of the catalog, with the reason.
with each as (
    select unnest(rejected, recursive := true)
    from found
)

select file, 'catalog' as stage, reason
from each
