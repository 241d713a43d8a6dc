-- One row a named unit of the probed network.
select unit, phenomenon
from unit_phenomenon
semi join layer using (checkpoint)
order by unit
