-- One row a scan whose patient is written otherwise than taken.
select
    file, 'catalog' as stage,
    format('names the patient {}: taken as {}, who differs in capitals, zeros or blanks alone', patient, taken) as what
from scan
join spelling using (patient)
