-- One row a unit that does not answer all probed patches alike.
select unit
from activation
group by all
having max(maximum) > min(maximum)
order by unit
