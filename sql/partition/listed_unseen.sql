-- One row a patient of the lists who has no scan.
select patient
from listed
anti join scan using (patient)
order by patient
