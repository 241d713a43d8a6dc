-- One row a patch and class.
select *
from gathered
order by patch, class
