-- One row a lesion and term that the source says of it.
with each as (
    select unnest(keywords, max_depth := 2)
    from found
)

select distinct each.*
from each
semi join lesion using (lesion)
order by all
