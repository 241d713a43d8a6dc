-- One row a unit and rank: the patches that activate the unit most (Sec. 2.2).
create table top_patch (
    unit integer, -- 0-based channel
    rank integer, -- from 1
    patch bigint,
    maximum float,
    map float[], -- the response map, row-major
    map_width integer,
    map_height integer
)
