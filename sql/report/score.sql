-- One row a partition, metric, depth and mode: explanation and report, beside chance.
select partition, metric, depth, mode, value, low, high, null_value, p, null_pathology, p_pathology, n, unknown
from score
order by partition, metric, depth, mode desc
