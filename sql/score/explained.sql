-- One row a scan with a report and a named unit among its first $depth: the two texts that are compared (Sec. 3.2).
-- Top 1 is the unit ranked 1, named or not; a scan without any name has no row.
with reported as (
    select scan, string_agg(trim(report), ' ' order by abnormality, lesion) as report
    from lesion
    where trim(report) <> ''
    group by all
),

explained as (
    select scan, string_agg(phenomenon, '. ' order by rank) as explanation
    from explanation
    where rank <= $depth and phenomenon is not null
    group by all
)

select scan, patient, pathology, report, explanation
from explained
join reported using (scan)
join scan using (scan)
join partition using (patient)
join patient_pathology using (patient)
where list_contains($partitions, partition)
