-- One row a unit, and a way of acquisition, that scans have: how many have it.
with each as (
    unpivot (select unit, acquisition from scan)
    on unit, acquisition
    into name what value value
)

select what, value, count(*) as scans
from each
group by all
order by all
