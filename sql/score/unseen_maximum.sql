-- One row a unit of $units and an unseen patch: the unit's maximum, by unit and patch.
select unit, maximum
from unseen
where list_contains($units, unit)
order by unit, patch
