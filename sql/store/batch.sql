-- One row a batch of patches.
from stored_packed_batch
