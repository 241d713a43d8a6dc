-- One row a patch and class.
select *
from stored_prediction
order by patch, class
