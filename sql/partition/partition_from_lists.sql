-- One row a patient of the lists who has no partition yet: the lists decide, and who is in none is left out.
select
    patient, partition,
    partition = 'train' and row_number() over (
        partition by pathology, partition order by md5($seed::varchar || patient) desc, patient desc
    ) <= round($validation * count(*) over (partition by pathology, partition)) as validation
from listed
join patient_pathology using (patient)
anti join partition as known using (patient)
