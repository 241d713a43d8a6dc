-- One row a class: the bias of the final fully connected layer.
create table bias (
    class varchar,
    bias double
)
