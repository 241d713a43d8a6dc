-- One row a scan, curve and number of units: how probable the decided class is without, or by, the first units alone.
create table faithfulness (
    scan varchar,
    curve varchar, -- deletion: the first units by influence are silent; insertion: only they speak
    units integer, -- their number
    probability double,
    random double[] -- the same for units in random orders
)
