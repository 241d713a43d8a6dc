-- One row a unit of $units and a probed patch: the unit's maximum, by unit and patch.
select unit, maximum
from activation
where unit between list_min($units) and list_max($units) and list_contains($units, unit)
order by unit, patch
