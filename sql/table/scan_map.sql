-- One row a scan and map: over the whole image, what its explanation shows.
create table scan_map (
    scan varchar,
    shows varchar, -- 'unit', or of the class decided its 'class activation map', 'probability' or a 'concept'
    unit integer, -- 0-based channel; null where no unit is shown
    phenomenon varchar, -- of a concept: whose units' maps, each times its weight, are added; null of all without a name
    map float[], -- row-major; cells as in `layer`
    map_width integer,
    map_height integer
)
