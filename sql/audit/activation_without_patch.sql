-- One row a patch that does not exist but has activations.
select patch, count(*) as activations
from activation
anti join patch using (patch)
group by all
