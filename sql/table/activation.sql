-- One row a patch and unit: the response map of the unit on the patch, in three numbers and a place.
create table activation (
    patch bigint,
    unit integer, -- 0-based channel
    maximum float,
    mean float,
    peak_x integer, -- column and row of the maximum on the map, the first in row-major order
    peak_y integer
)
