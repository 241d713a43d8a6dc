-- One row a class that the network was tested on: its AUC by patch, the least severe class first.
select class, auc, auc_low, auc_high, positives, positives + negatives as n
from auc
join class using (class)
where level = 'patch' and partition = 'test'
order by place
