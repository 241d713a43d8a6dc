-- One row a scan whose region is drawn: the mask of what is looked at, where the domain says that each image has one.
create table region (
    scan varchar,
    file varchar,
    value integer -- of the mask's px that are looked at; null: all that are not 0
)
