-- One row a concept that a lesion of the run has.
select distinct concept
from lesion_concept
order by concept
