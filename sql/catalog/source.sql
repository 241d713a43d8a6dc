-- One row: what the run was catalogued from.
select parameters ->> 'source' as source
from stage
where stage = 'catalog'
