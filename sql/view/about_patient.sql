-- One row a scan of a patient: what it shows, what was decided, by which named units; the tables hold the rest.
create macro about_patient(patient) as table
with outlined as (
    select lesion.scan, count(*) as lesions, string_agg(phrase, '; ' order by abnormality, lesion) as findings
    from lesion
    join lesion_phrase using (lesion)
    group by all
),

named as (
    select explanation.scan, string_agg(phenomenon, '; ' order by rank) as explanation
    from explanation
    group by all
),

answered as (
    select scan, map(list(class order by severity(class)), list(probability order by severity(class))) as probabilities
    from scan_prediction
    group by scan
)

select
    scan, partition, laterality, "view", age, density, digitizer, coalesce(lesions, 0) as lesions, findings,
    scan_class.class, decision.class as decided, probabilities, explanation
from scan
left join partition using (patient)
left join outlined using (scan)
left join scan_class using (scan)
left join decision using (scan)
left join answered using (scan)
left join named using (scan)
where scan.patient = patient

union all by name

select null as scan where not known_patient(patient)
order by scan
