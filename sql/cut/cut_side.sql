-- One row: the side in px of the patches that were cut.
select (parameters ->> '$.side')::integer as side
from stage
where stage = 'cut'
