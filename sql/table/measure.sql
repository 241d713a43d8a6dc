-- One row a partition, level, class, what it is told from and measure: its value with the interval over patients.
-- auc, pauc, pauc_paper, average_precision, brier, calibration_error; at the operating point sensitivity, specificity,
-- positive_predictive_value. All lie between 0 and 1 and have no unit.
create table measure (
    partition varchar,
    level varchar, -- patch, scan or patient
    class varchar,
    against varchar, -- rest: all other items; a class: of items of the two classes only
    measure varchar,
    value double,
    low double, -- confidence interval by patient
    high double,
    positives integer,
    negatives integer
)
