-- Gives all scans of a patient one name.
update scan
set patient = taken
from spelling
where scan.patient = spelling.patient
