-- One row a file that was read in spite of a fault, with what was done.
with each as (
    select unnest(repairs, recursive := true)
    from found
)

select file, 'catalog' as stage, what
from each
