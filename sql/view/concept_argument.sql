-- One row a decided scan and concept: what its units added to the lead of the decided class over another, at the cell
-- that decided (below 0 they argued against). The other is the true class where the decision is wrong, else the most
-- probable of the rest.
create view concept_argument as
select
    scan, decided, truth, error, other, phenomenon, coalesce(named, false) as named,
    count(*) filter (lead <> 0) as units, sum(lead) as lead
from argument
left join unit_called using (unit)
group by all
order by scan, lead desc, phenomenon
