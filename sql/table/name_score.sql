-- One row a unit, annotator, name and level: whether the name is true on patients that the naming did not see.
create table name_score (
    unit integer, -- 0-based channel
    annotator varchar, -- 'dissection' for the names that `dissect` suggests
    phenomenon varchar,
    level varchar, -- patch or scan
    meant varchar, -- the concepts that the name's words hold, "colour: red AND cell: disc"
    auroc double, -- of the unit's maximum, for what the name says against other findings; null: too few patients
    low double, -- confidence interval by patient
    high double,
    auroc_all double, -- against all other patches or scans, which any detector of findings passes
    "precision" double, -- of the findings above the unit's own threshold, the share that is what the name says
    reached integer, -- how many of the findings are above the threshold
    null_value double, -- mean auroc of the unit for the other names of the annotator
    p double, -- share of the annotator's names, this one included, that fit the unit as well
    positives integer, -- patches or scans that show what the name says
    patients integer, -- with a positive
    n integer -- findings compared: positives and others
)
