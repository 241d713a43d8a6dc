-- One row a patient of the lists who has no partition yet: the lists decide, and who is in none is left out. Where they
-- name patients for validation, these are it; else a share of train is.
select
    patient, if(partition = 'validation', 'train', partition) as partition,
    if(
        exists(from listed where partition = 'validation'), partition = 'validation',
        partition = 'train' and row_number() over (
            partition by pathology, partition order by md5($seed::varchar || patient) desc, patient desc
        ) <= round($validation * count(*) over (partition by pathology, partition))
    ) as validation
from listed
join patient_pathology using (patient)
anti join partition as known using (patient)
