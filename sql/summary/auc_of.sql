-- One row a partition, level and class that was evaluated.
select partition, level, class, auc, auc_low, auc_high, positives, positives + negatives as total
from auc
order by partition, list_position(['patch', 'scan', 'patient'], level), severity(class)
