-- One row a scan and rank: the units most influential towards the decided class, and their names (Sec. 2.3).
create table explanation (
    scan varchar,
    class varchar, -- the decided one
    rank integer, -- from 1
    unit integer, -- 0-based channel
    influence double,
    contribution double, -- the unit's term of the class's logit at the cell that decided
    share double, -- of all that speaks for the class at that cell
    phenomenon varchar -- null where nobody named the unit
)
