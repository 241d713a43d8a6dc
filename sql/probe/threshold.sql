-- One row a unit: the activation that $share of all cells of its maps on patches exceeds.
from unit_threshold($share)
order by unit
