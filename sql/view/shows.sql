-- One truth value a group of overlaps of a patch with lesions of one kind: whether the patch shows it (Sec. 2.1).
-- Either a large enough share of the patch is covered by them, or a large enough share of one of them lies in it.
-- Shares are equal where they agree to 1e-9.
create macro shows(cover, within, least_cover, least_within) as
    least(1, round(sum(cover), 9)) >= least_cover or round(max(within), 9) >= least_within
