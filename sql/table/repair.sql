-- One row a file read in spite of a fault: at which stage, and what was done.
create table repair (
    file varchar,
    stage varchar,
    what varchar
)
