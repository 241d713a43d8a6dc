-- One row: an explained scan whose figure tells most: decided rightly for a finding, by the largest share of one name.
select scan
from judgement
semi join explanation using (scan)
join (
    select scan, max(share) filter (named) as share from concept_evidence group by scan
) using (scan)
order by not coalesce("right" and not is_rest(decided), false), coalesce(share, 0) desc, scan
limit 1
