-- One row a partition, level, class and bin of probabilities: how often items answered so are of the class.
create table calibration (
    partition varchar,
    level varchar,
    class varchar,
    bin integer, -- from 1, with as equal numbers of items as ties allow
    probability double, -- mean of the answers
    share double, -- of items that are of the class
    low double, -- confidence interval by patient
    high double,
    items integer
)
