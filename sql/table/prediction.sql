-- One row a patch and class: what the network answers.
create table prediction (
    patch bigint,
    class varchar,
    probability double
)
