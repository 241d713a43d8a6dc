-- One row: how many of the ranked units at least one annotator of this network named.
select
    count(distinct unit) as ranked,
    count(distinct unit) filter (where recognizable and checkpoint = (select checkpoint from layer)) as named
from unit_rank
left join annotation_now using (unit)
