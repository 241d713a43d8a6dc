-- Lets a run that an earlier version made remember the options of `run`.
create table if not exists option (
    name varchar,
    value json
)
