-- One row a wrongly decided scan and unit whose silence corrects the decision, by itself or with others.
create table silence (
    scan varchar,
    unit integer, -- 0-based channel
    alone boolean, -- suffices by itself
    place integer -- in the order of a set that suffices; null outside it
)
