-- One truth value a group of overlaps of a patch with lesions of one kind: whether the patch shows it (Sec. 2.1).
-- "(1) whether at least 30% of the patch contains benign or malignant tissue, and (2) whether at least 30% of a benign
-- or malignant finding is located in that patch": either does. Shares are equal where they agree to 1e-9.
create macro shows(cover, within, least_cover, least_within) as
    least(1, round(sum(cover), 9)) >= least_cover or round(max(within), 9) >= least_within
