-- One row a partition, metric, depth and mode: how well explanations match the reports (Sec. 3.2).
create table score (
    partition varchar,
    metric varchar,
    depth integer, -- units considered
    mode varchar, -- paper or fixed
    value double,
    low double, -- confidence interval by patient
    high double,
    null_value double, -- the same with shuffled reports
    p double,
    n integer -- scans with a score
)
