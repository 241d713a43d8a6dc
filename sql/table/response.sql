-- One row a scan and unit: the response map of the unit on the whole image (Sec. 2.3).
create table response (
    scan varchar,
    unit integer, -- 0-based channel
    maximum float,
    mean float,
    peak_x integer, -- column and row of the maximum on the map, the first in row-major order
    peak_y integer
)
