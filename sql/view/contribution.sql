-- One row a decided scan and unit: its term of the decided class's logit at the cell that decided, and its share of all
-- that speaks for the class there (below 0 where it speaks against).
create view contribution as
select
    scan, class, unit, activation * weight as contribution,
    contribution / nullif(sum(greatest(activation * weight, 0)) over (partition by scan, class), 0) as share
from evidence
join decision using (scan, class)
join weight using (class, unit)
