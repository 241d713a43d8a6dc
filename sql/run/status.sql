-- One row a finished stage, in the order they were started.
select stage, started_at, seconds, version, parameters
from stage
order by started_at, stage
