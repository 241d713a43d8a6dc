-- One row an explained scan: the class activation map of its decided class.
select scan, map, map_width, map_height
from scan_map
where unit is null
