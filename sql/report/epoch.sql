-- One row an epoch of the training.
from epoch
order by epoch
