-- One row a level's item (patch, scan or patient) and class: the score and whether the item is of the class.
-- A patient scores its largest probability, for normal its smallest; its class is its worst pathology.
create view scored as
select
    partition, 'patch' as level, patient, prediction.class, probability as score,
    label.class = prediction.class as positive
from prediction
join label using (patch)
join patch using (patch)
join scan using (scan)
join partition using (patient)

union all

select
    partition, 'scan' as level, patient, scan_prediction.class, probability as score,
    scan_class.class = scan_prediction.class as positive
from scan_prediction
join scan_class using (scan)
join scan using (scan)
join partition using (patient)

union all

select
    partition, 'patient' as level, patient, class,
    if(class = 'normal', min(probability), max(probability)) as score,
    pathology = class as positive
from scan_prediction
join scan using (scan)
join partition using (patient)
join patient_pathology using (patient)
where pathology <> 'unproven'
group by partition, patient, class, pathology
