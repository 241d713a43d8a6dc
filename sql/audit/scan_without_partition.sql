-- One row a scan whose patient has no partition although patients were split; lists may leave patients out.
select scan, patient
from scan
anti join partition using (patient)
where exists (from partition)
    and not exists (from stage where stage = 'partition' and parameters ->> 'lists' is not null)
