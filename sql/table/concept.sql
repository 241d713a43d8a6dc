-- One row a unit and concept of the BI-RADS lexicon: how well the unit detects it.
create table concept (
    unit integer, -- 0-based channel
    concept varchar,
    iou double,
    auroc double,
    p double,
    q double -- p corrected for the number of tests
)
