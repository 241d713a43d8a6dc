-- One row a unit that is called something: its name, else what is remarked of it.
from unit_called
order by unit
