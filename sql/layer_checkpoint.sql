-- One row: the hash of the network that was probed.
select checkpoint
from layer
