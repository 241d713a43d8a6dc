-- One row a patient of the lists, with the partition they decide: "All images belonging to a unique patient are in the
-- same partition" (Sec. 2.1), so who is in two lists goes to train if either is train, else to test.
select
    patient, list(distinct list order by list) as lists,
    case when list_contains(lists, 'train') then 'train' when len(lists) > 1 then 'test' else lists[1] end as partition
from list
group by patient
order by patient
