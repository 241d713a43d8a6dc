-- One row a partition, level, class and what it is told from: the items called positive at and above the threshold.
-- It is the largest score that reaches the sensitivity asked for on these very items: no threshold known beforehand.
create table operating_point (
    partition varchar,
    level varchar,
    class varchar,
    against varchar,
    threshold double,
    true_positives integer,
    false_positives integer,
    false_negatives integer,
    true_negatives integer
)
