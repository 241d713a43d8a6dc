-- One row a partition, level, known class and class decided for: how many items.
create table confusion (
    partition varchar,
    level varchar,
    class varchar,
    decided varchar, -- the largest probability; the worse class where two are equal
    items integer
)
