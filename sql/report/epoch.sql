-- One row an epoch of the training, with the AUC of each class on the validation patients.
select epoch.*, auc
from epoch
left join (
    select epoch, map(list(class order by severity(class)), list(auc order by severity(class))) as auc
    from epoch_auc
    group by epoch
) using (epoch)
order by epoch
