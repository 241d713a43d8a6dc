-- Gives the top patches of ranked units their response maps, so that pictures need no network.
update top_patch
set map = unit_map.map, map_width = layer.map_width, map_height = layer.map_height
from stored_unit_map as unit_map, layer
where unit_map.patch = top_patch.patch and unit_map.unit = top_patch.unit
