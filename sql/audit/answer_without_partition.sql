-- One row a scan the network was asked about although its patient has no partition.
with asked as (
    select scan from scan_prediction
    union
    select scan from response
    union
    select scan from prediction join patch using (patch)
)

select scan, patient
from asked
left join scan using (scan)
anti join partition using (patient)
