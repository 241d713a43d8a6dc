-- One row a partition, metric, mode and depth of the scores.
select partition, metric, mode, depth, value, low, high, null_value, p, null_pathology, p_pathology, n
from score
order by partition, metric, mode desc, depth
