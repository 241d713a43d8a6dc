-- One row an explained scan and map of the class decided: its class activation map, its probability.
select scan, shows, map, map_width, map_height
from scan_map
where shows in ('class activation map', 'probability')
