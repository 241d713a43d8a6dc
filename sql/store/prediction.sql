-- One row a patch and class.
select *
from store.prediction
order by patch, class
