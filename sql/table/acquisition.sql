-- One row a unit and attribute of the films: how far the unit's maximum on whole images goes with it, by patient.
create table acquisition (
    unit integer, -- 0-based channel
    attribute varchar, -- digitizer or density, between patients; laterality or view, within
    compared varchar, -- the groups
    effect double, -- between patients epsilon-squared; within the rank-biserial correlation, > 0: the first is larger
    p double, -- Kruskal-Wallis; Wilcoxon's signed ranks
    q double, -- p corrected for the number of units and attributes
    patients integer
)
