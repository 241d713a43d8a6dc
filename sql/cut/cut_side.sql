-- One row: the side in px of the patches that were cut, and the size of the inputs where scans were not cut.
select (parameters ->> '$.side')::integer as side, parameters ->> '$.whole' as whole
from stage
where stage = 'cut'
