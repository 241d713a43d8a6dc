-- One row a map of an explained scan, in the order they are stored: sorted or joined all would be in memory at once.
select scan, shows, unit, phenomenon, map, map_width, map_height
from scan_map
