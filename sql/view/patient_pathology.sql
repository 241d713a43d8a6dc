-- One row a patient: the worst pathology on any scan, normal without lesions.
create view patient_pathology as
select patient, coalesce(arg_max(lesion_class.class, place), rest_class()) as pathology
from scan
left join lesion_class using (scan)
group by all
