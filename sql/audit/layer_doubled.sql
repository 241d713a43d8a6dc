-- One row a layer when there are several: the maps of a run come from one.
select name
from layer
where (select count(*) from layer) > 1
