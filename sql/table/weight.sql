-- One row a class and unit: the weight of the unit in the final fully connected layer.
create table weight (
    class varchar,
    unit integer, -- 0-based channel
    weight double
)
