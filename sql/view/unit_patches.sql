-- One row a top patch of a unit: where it lies, what it shows, how strongly the unit responds.
-- In a macro a bare name that is a parameter is the parameter; the column is the qualified one.
create macro unit_patches(unit) as table
select rank, maximum, patch, scan, patient, x, y, size, class
from top_patch
join patch using (patch)
join scan using (scan)
left join label using (patch)
where top_patch.unit = unit

union all by name

select null as rank where not known_unit(unit)
order by rank
