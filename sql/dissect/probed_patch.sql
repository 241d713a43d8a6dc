-- One row a probed patch, by number: its patient, and its place on the films of a patient, whoever that is.
-- A place is view, film of that view, row and column counted from the same side of the breast, as far apart as
-- the domain says.
-- What a last row flush with the edge leaves over counts as a row when it is a tenth of the distance.
with numbered as (
    select
        scan, patient, view, laterality, columns,
        row_number() over (partition by patient, view order by laterality, scan) as number
    from scan
    semi join (from patch semi join (from activation where unit = 0) using (patch)) using (scan)
)

select
    patch, patient,
    concat_ws(
        ' ', view, number, ceil(places_per_patch * y / size - 0.1)::integer,
        ceil(places_per_patch * if(laterality = 'RIGHT', columns - size - x, x) / size - 0.1)::integer
    ) as place
from patch
semi join (from activation where unit = 0) using (patch)
join numbered using (scan)
cross join domain
order by patch
