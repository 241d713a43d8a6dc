-- One row a scan and class: the decision on the whole image; the three need not sum to 1.
create table scan_prediction (
    scan varchar,
    class varchar,
    probability double
)
