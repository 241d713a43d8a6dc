-- One row a unit and bin: how many cells of all response maps of patches fall between two fixed edges.
create table histogram (
    unit integer, -- 0-based channel
    bin integer,
    count bigint
)
