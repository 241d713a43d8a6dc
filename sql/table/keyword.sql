-- One row a lesion and term that its source says of it, in domains other than mammography: there `lesion` has columns.
create table keyword (
    lesion varchar,
    attribute varchar,
    term varchar
)
