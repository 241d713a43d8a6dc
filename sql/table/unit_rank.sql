-- One row a class and rank: the units most frequently influential, which experts annotate (Sec. 2.2).
create table unit_rank (
    class varchar,
    rank integer, -- from 1
    unit integer, -- 0-based channel
    frequency double, -- share of the scans in whose top places the unit is
    scans integer -- their number
)
