-- One row a scan, class and rank: the units most influential towards the class (Sec. 2.2).
create table influence (
    scan varchar,
    class varchar,
    rank integer, -- from 1
    unit integer, -- 0-based channel
    influence double -- maximum on the scan x weight
)
