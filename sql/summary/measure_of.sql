-- One row a measure of a level, class and what it is told from, as `deepminer evaluate` shows them.
select partition, level, class, against, measure, value, low, high, positives, positives + negatives as items
from measure
order by
    partition, list_position(['patch', 'scan', 'patient'], level), severity(class), against desc,
    list_position(['auc', 'pauc', 'pauc_paper', 'average_precision', 'brier', 'calibration_error', 'sensitivity',
        'specificity', 'positive_predictive_value'], measure)
