-- One row a partition, level, class, what it is told from and measure.
select partition, level, class, against, measure, value, low, high, positives, positives + negatives as items
from measure
where measure in ('auc', 'pauc_paper', 'average_precision')
order by
    partition, list_position(['patch', 'scan', 'patient'], level), measure, against desc, class
