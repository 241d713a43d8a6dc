-- One row a unit of the probed network that is called something: its name, else what is remarked of it, which is none.
create view unit_called as
select unit, coalesce(phenomenon, remark) as phenomenon, phenomenon is not null as named
from (from unit_phenomenon semi join layer using (checkpoint))
full join unit_remark using (unit)
where phenomenon is not null or remark is not null
