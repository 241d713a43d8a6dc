-- One row a patch and lesion that share pixels.
create table overlap (
    patch bigint,
    lesion varchar,
    cover double, -- share of the patch that is lesion
    within double -- share of the lesion that is in the patch
)
