-- One row a patient of the lists who has no partition yet: the lists decide, and who is in none is left out.
-- "All images belonging to a unique patient are in the same partition" (Sec. 2.1): who is in two lists
-- goes to train if either is train, else to test.
with listed as (
    select
        patient, pathology,
        case
            when bool_or(list = 'train') then 'train'
            when count(distinct list) > 1 then 'test'
            else min(list)
        end as partition
    from list
    join patient_pathology using (patient)
    anti join partition using (patient)
    group by all
)

select
    patient, partition,
    partition = 'train' and row_number() over (
        partition by pathology, partition order by md5($seed::varchar || patient) desc, patient desc
    ) <= round($validation * count(*) over (partition by pathology, partition)) as validation
from listed
