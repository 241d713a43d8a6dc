-- One row a finished stage, written in the same transaction as its result.
create table stage (
    stage varchar,
    parameters json,
    started_at timestamp,
    seconds double,
    version varchar -- of the code
)
