-- One row a unit, and one of the bias without a unit: terms that sum to the logit of the cell that decided the scan.
create macro ledger(scan, class) as table
select unit, activation, weight, activation * weight as term
from evidence
join weight using (class, unit)
where evidence.scan = scan and evidence.class = class

union all

select null as unit, null as activation, null as weight, bias as term
from bias
where bias.class = class

union all by name

select null as unit where not known_scan(scan)
order by term desc, unit
