-- One row a partition, level, class, what it is told from and false-positive rate: the ROC curve with its band.
create table roc (
    partition varchar,
    level varchar,
    class varchar,
    against varchar,
    false_positive_rate double, -- 0 to 1 in hundredths
    sensitivity double,
    low double, -- confidence interval by patient, at this false-positive rate alone
    high double
)
