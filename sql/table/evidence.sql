-- One row a scan, class and unit: the value of the unit at the cell that decided.
create table evidence (
    scan varchar,
    class varchar,
    unit integer, -- 0-based channel
    activation float
)
