-- One row a scan of the unseen patches' patients that was probed, by name: whether it shows a lesion that $meant means.
with meant as (
    select distinct scan
    from meant_lesion($meant)
),

probed as (
    select distinct scan, patient
    from response
    join scan using (scan)
    where patient in (select patient from unseen join patch using (patch) join scan using (scan))
)

select
    scan, patient, not rest or of_rest.scan is not null as finding, meant.scan is not null and finding as shows,
    meant.scan is null as lacks
from probed
join scan_class using (scan)
join class using (class)
left join meant using (scan)
left join (select distinct scan from lesion where pathology = rest_class()) as of_rest using (scan)
order by scan
