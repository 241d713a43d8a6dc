-- One row a decided scan and unit: what the unit added to the lead of the decided class over another (lead; below 0 it
-- argued against), at the cell that decided. The other is the true class where the decision is wrong, else the most
-- probable of the rest.
create view argument as
with rest as (
    select scan, scan_prediction.class as other
    from scan_prediction
    anti join decision using (scan, class)
    qualify row_number() over (partition by scan order by probability desc, severity(other) desc) = 1
),

compared as (
    select scan, decided, truth, error, if(error is null, other, truth) as other
    from judgement
    join rest using (scan)
)

select
    compared.scan, decided, truth, error, other, evidence.unit,
    activation * mine.weight as term,
    activation * theirs.weight as other_term,
    term - other_term as lead
from compared
join evidence on evidence.scan = compared.scan and evidence.class = decided
join weight as mine on mine.class = decided and mine.unit = evidence.unit
join weight as theirs on theirs.class = other and theirs.unit = evidence.unit
