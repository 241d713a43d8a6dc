-- One row an option that `run` was given, as its user said it: `run` resumes with them.
create table option (
    name varchar,
    value json
)
