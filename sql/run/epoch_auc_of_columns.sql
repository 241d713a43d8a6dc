-- One row an epoch and class, of a run whose `epoch` has a column for each class, as earlier versions made it.
select epoch, class[5:] as class, auc
from epoch unpivot include nulls (auc for class in (columns('^auc_')))
