-- One row a partition, level and class: how well the network tells the class from the other two (Sec. 3.1).
create table auc (
    partition varchar,
    level varchar, -- patch, scan or patient
    class varchar,
    auc double,
    auc_low double, -- confidence interval by patient
    auc_high double,
    pauc double, -- area above a true-positive rate of 0.8, at most 0.2
    pauc_paper double, -- by the formula of the paper's authors
    positives integer,
    negatives integer
)
