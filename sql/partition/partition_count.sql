-- One row a partition: its patients, by their worst pathology.
with worst as (
    select
        patient,
        bool_or(coalesce(pathology = 'malignant', false)) as malignant,
        bool_or(coalesce(pathology in ('benign', 'benign_without_callback'), false)) as benign
    from scan
    left join lesion using (scan)
    group by all
)

select
    partition,
    count(*) as patients,
    count(*) filter (where malignant) as malignant,
    count(*) filter (where benign and not malignant) as benign,
    count(*) filter (where not benign and not malignant) as normal
from partition
join worst using (patient)
group by all
order by partition
