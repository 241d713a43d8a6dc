-- One row: the ranked units, and those that at least one annotator of this network named.
select count(distinct unit) as ranked, count(distinct unit) filter (phenomenon is not null) as named
from unit_rank
left join (
    select unit, phenomenon
    from unit_phenomenon
    semi join layer using (checkpoint)
) using (unit)
