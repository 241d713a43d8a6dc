-- One row a patch and a lesion it meets: what share of the patch, and of the lesion, they have in common.
with met as (
    select patch, unnest(overlap, recursive := true)
    from shard
)

select patch, lesion, cover, within
from met
order by all
