-- One row a lesion of a scan that the source holds.
with each as (
    select unnest(lesions, max_depth := 2)
    from found
)

select each.*
from each
semi join scan using (scan)
qualify row_number() over (partition by lesion order by report) = 1
