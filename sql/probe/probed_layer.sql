-- One row: the layer that was probed and the hash of the network.
select name, checkpoint
from layer
