-- One row a ranked unit and concept of the lesions' keywords: whether the unit tells it from other findings. One more
-- row a unit says whether it tells findings from normal patches.
create table contrast (
    unit integer, -- 0-based channel
    concept varchar, -- "colour: red"; "finding" against patches of the rest class
    against varchar, -- findings or normal: what the patches show that the concept is told from
    auroc double, -- of the unit's maximum: below 0.5 it answers less to the concept than to the others
    auroc_low double, -- confidence interval by patient
    auroc_high double,
    p double, -- two-sided: share of exchanges of whole patients' labels that reach the auroc
    q double, -- p corrected for the number of units and concepts
    positives integer, -- patches that show it
    negatives integer, -- patches that show nothing of it
    patients integer, -- with a positive
    named boolean -- whether the unit's name holds it
)
