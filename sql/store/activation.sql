-- One row a patch and unit, clustered by unit so that all patches of a unit lie together.
select *
from stored_activation
order by unit, patch
