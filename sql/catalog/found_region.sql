-- One row a scan whose region is drawn.
with each as (
    select unnest(regions, max_depth := 2)
    from found
)

select each.*
from each
semi join scan using (scan)
qualify row_number() over (partition by scan order by file) = 1
