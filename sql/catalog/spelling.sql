-- One row a way to write a patient of scans that is another than the one taken: of those whose names differ in nothing
-- that counts, the one that has a partition is taken, else the one that most scans have.
with written as (
    select patient, count(scan) as scans, bool_or(partition is not null) as known
    from scan
    full join partition using (patient)
    group by patient
)

select
    patient,
    first(patient) over (partition by patient_key(patient) order by known desc, scans desc, patient) as taken
from written
qualify patient <> taken and scans > 0
order by patient
