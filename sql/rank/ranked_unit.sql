-- One row a unit that is ranked for any class.
select distinct unit
from unit_rank
order by unit
