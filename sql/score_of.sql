-- One row a partition, mode and depth of the scores.
select partition, mode, depth, value, low, high, null_value, p, n
from score
order by partition, mode desc, depth
