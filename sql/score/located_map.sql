-- One row a class activation map, whose unit is null, or a unit's map, in the order they are stored: sorted, listed or
-- joined they would all be in memory at once.
select scan, unit, map, map_width as columns, map_height as rows
from scan_map
where unit is not null or shows = 'class activation map'
