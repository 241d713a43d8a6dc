-- One row a scan: the class of the largest probability; the worse class where two are equal.
create view decision as
select scan, class, probability
from scan_prediction
qualify row_number() over (partition by scan order by probability desc, severity(class) desc) = 1
