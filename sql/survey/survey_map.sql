-- One row a top patch of a unit: its response map.
select patch, map, map_width, map_height
from top_patch
where unit = $unit
order by rank
