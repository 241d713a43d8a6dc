-- One row a patch and unit with more than one activation.
select patch, unit, count(*) as activations
from activation
group by all
having activations > 1
