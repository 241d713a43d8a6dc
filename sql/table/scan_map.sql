-- One row a scan and map: the class activation map of the decided class, and the maps of its explanation's units.
create table scan_map (
    scan varchar,
    unit integer, -- 0-based channel; null of the class activation map
    map float[], -- row-major; cells as in `layer`
    map_width integer,
    map_height integer
)
