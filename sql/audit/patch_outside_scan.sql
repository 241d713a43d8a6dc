-- One row a patch that is on no scan or reaches beyond its edges.
select patch, scan, x, y, size, rows, columns
from patch
left join scan using (scan)
left join patch_size using (patch)
where scan.rows is null or size <= 0 or x < 0 or y < 0 or x + coalesce(width, size) > columns
    or y + coalesce(height, size) > rows
