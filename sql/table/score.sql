-- One row a partition, metric, depth and mode: how well explanations agree with what is known (Sec. 3.2).
create table score (
    partition varchar,
    metric varchar,
    depth integer, -- units considered; null of all
    mode varchar, -- paper or fixed
    value double,
    low double, -- confidence interval by patient
    high double,
    null_value double, -- the same by chance: reports or outlines of other patients, or random units
    p double,
    null_pathology double, -- the same where reports or outlines go round within the patients of a worst pathology only
    p_pathology double,
    n integer, -- scans with a score
    unknown double -- share of the words compared that have no vector
)
