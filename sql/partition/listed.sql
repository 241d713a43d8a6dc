-- One row a patient of the lists, by the name that scans have, with the partition they decide: "All images belonging to
-- a unique patient are in the same partition" (Sec. 2.1), so who is in two lists goes to train if either is train, else
-- to test. Validation is a part of train.
with scanned as (
    select distinct patient, patient_key(patient) as common
    from scan
),

named as (
    select coalesce(scanned.patient, list.patient) as patient, list.list
    from list
    left join scanned on scanned.common = patient_key(list.patient)
)

select
    patient, list(distinct list order by list) as lists,
    case when list_contains(lists, 'train') then 'train' when len(lists) > 1 then 'test' else lists[1] end as partition
from named
group by patient
order by patient
