-- One row a level's item (patch, scan or patient) and class: the probability answered, and the class that is known.
-- A patient is answered with the largest probability of a scan, what is left of the classes with the smallest.
create view answered as
select
    partition, 'patch' as level, patch::varchar as item, patient, prediction.class, probability, label.class as known
from prediction
join label using (patch)
join patch using (patch)
join scan using (scan)
join partition using (patient)

union all

select
    partition, 'scan' as level, scan as item, patient, scan_prediction.class, probability, scan_class.class as known
from scan_prediction
join scan_class using (scan)
join scan using (scan)
join partition using (patient)

union all

select
    partition, 'patient' as level, patient as item, patient, class,
    if(is_rest(class), min(probability), max(probability)) as probability, pathology as known
from scan_prediction
join scan using (scan)
join partition using (patient)
join patient_pathology using (patient)
where pathology in (select class from class where known)
group by partition, patient, class, pathology
