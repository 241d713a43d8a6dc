-- One row an explained scan and rank: the unit, its name, what it added, where it peaks.
select
    scan, rank, explanation.unit, explanation.phenomenon, influence, contribution, share,
    "offset" + peak_x * stride + 0.5 as peak_x,
    "offset" + peak_y * stride + 0.5 as peak_y
from explanation
join response using (scan, unit)
join scan_map using (scan, unit)
cross join layer
order by scan, rank
