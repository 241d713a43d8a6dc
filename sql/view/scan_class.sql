-- One row a scan with a class: its worst pathology, normal without lesions; none where that is unproven.
create view scan_class as
with worst as (
    select scan, coalesce(arg_max(lesion_class.class, place), rest_class()) as class
    from scan
    left join lesion_class using (scan)
    group by all
)

select scan, class
from worst
semi join (from class where known) using (class)
