-- One row a file left out: at which stage, and why.
create table rejected (
    file varchar,
    stage varchar,
    reason varchar
)
