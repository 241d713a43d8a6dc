-- One row a decided scan: the class decided, the network's class that is true (null where that is unproven), whether
-- the decision is right, and of a wrong one which error it is: too severe (false positive) or not enough (negative).
create view judgement as
with known as (
    select scan, scan_prediction.class as truth
    from scan_prediction
    join scan_class using (scan)
    where is_class(scan_class.class, scan_prediction.class)
)

select
    scan, decision.class as decided, probability, truth, decided = truth as "right",
    case
        when truth is null then null
        when severity(decided) > severity(truth) then 'false positive'
        when severity(decided) < severity(truth) then 'false negative'
    end as error
from decision
left join known using (scan)
