-- One row: the probed layer; cell j of a map is centred on px offset + j x stride of the input and sees field px.
create table layer (
    name varchar,
    map_width integer, -- cells of a patch's response map
    map_height integer,
    stride integer, -- px of the input, between the centres of two cells
    field integer, -- px of the input
    "offset" double, -- centres of px are integers
    side integer, -- px of the input a patch has across
    checkpoint varchar, -- hash of the network the maps came from
    pool varchar -- what the network's linear layer takes of a unit's map: avg, its mean, or max
)
