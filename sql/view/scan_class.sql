-- One row a scan with a class: its worst pathology, normal without lesions; none where that is unproven.
create view scan_class as
select
    scan,
    coalesce(arg_max(class_of(pathology), severity(pathology)), 'normal') as class
from scan
left join lesion using (scan)
group by all
having class <> 'unproven'
