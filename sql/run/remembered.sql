-- One row an option that `run` was given.
select name, value
from option
where name is not null and value is not null
order by name
