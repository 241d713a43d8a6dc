-- One row a ranked unit and unseen patch, as the stores have them.
from stored_unseen
order by unit, patch
