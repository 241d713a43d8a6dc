-- One row a patient: the worst pathology on any scan, normal without lesions.
create view patient_pathology as
select
    patient,
    coalesce(arg_max(class_of(pathology), severity(pathology)), 'normal') as pathology
from scan
left join lesion using (scan)
group by all
