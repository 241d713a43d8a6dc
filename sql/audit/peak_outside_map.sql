-- One row a patch and unit whose peak is not a cell of the response map.
select patch, unit, peak_x, peak_y
from activation
cross join layer
where peak_x < 0 or peak_y < 0 or peak_x >= map_width or peak_y >= map_height
