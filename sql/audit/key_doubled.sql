-- One row a key that stands twice in its table.
with key as (
    select 'class' as name, class as key from class
    union all
    select 'scan', scan from scan
    union all
    select 'scan_number', scan_number::varchar from scan
    union all
    select 'lesion', lesion from lesion
    union all
    select 'patch', patch::varchar from patch
    union all
    select 'label', patch::varchar from label
    union all
    select 'overlap', concat_ws(' ', patch, lesion) from overlap
    union all
    select 'epoch_auc', concat_ws(' ', epoch, class) from epoch_auc
    union all
    select 'weight', concat_ws(' ', class, unit) from weight
    union all
    select 'bias', class from bias
    union all
    select 'prediction', concat_ws(' ', patch, class) from prediction
    union all
    select 'scan_prediction', concat_ws(' ', scan, class) from scan_prediction
    union all
    select 'evidence', concat_ws(' ', scan, class, unit) from evidence
    union all
    select 'unit_rank', concat_ws(' ', class, rank) from unit_rank
    union all
    select 'top_patch', concat_ws(' ', unit, rank) from top_patch
    union all
    select 'measure', concat_ws(' ', partition, level, class, against, measure) from measure
)

select name, key, count(*) as times
from key
group by all
having times > 1
