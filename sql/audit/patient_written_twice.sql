-- One row a patient whose name is written in several ways, so that each may be in a partition of its own.
select patient_key(patient) as patient, string_agg(distinct patient, ', ' order by patient) as written
from scan
group by patient_key(patient)
having count(distinct patient) > 1
