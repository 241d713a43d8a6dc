-- One row a unit and concept of the lesions' keywords: how well the unit detects it on the patches probed.
create table concept (
    unit integer, -- 0-based channel
    concept varchar, -- "colour: red"
    iou double, -- of the thresholded map with the outlines, in px of the network's input
    auroc double, -- of the unit's maximum, for patches that show the concept against those that do not
    auroc_low double, -- confidence interval by patient
    auroc_high double,
    p double, -- share of permutations of patients that reach the auroc
    q double, -- p corrected for the number of units and concepts
    positives integer, -- patches that show it
    negatives integer, -- patches that show nothing of it
    patients integer -- with a positive
)
