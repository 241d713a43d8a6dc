-- One row a patient with scans who is in no list.
select distinct patient
from scan
anti join listed using (patient)
order by patient
