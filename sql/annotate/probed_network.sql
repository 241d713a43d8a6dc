-- One row if the run was probed: the hash of the network and its number of units.
select checkpoint, (select count(distinct unit) from response) as units
from layer
