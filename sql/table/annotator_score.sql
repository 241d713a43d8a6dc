-- One row an annotator and level: how true the names are, all together.
create table annotator_score (
    annotator varchar,
    level varchar, -- patch or scan
    names integer, -- given to ranked units
    tested integer, -- of them, those with an auroc
    "true" integer, -- of them, those whose interval lies above 0.5
    auroc double, -- mean over the names tested
    low double, -- confidence interval by patient
    high double,
    auroc_all double,
    null_value double, -- the same after the annotator's names were shuffled over the units
    p double, -- share of shuffles that reach it
    n integer -- findings compared
)
