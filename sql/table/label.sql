-- One row a patch with a class; patches of unproven lesions have none.
create table label (
    patch bigint,
    class varchar -- a known class of the domain
)
