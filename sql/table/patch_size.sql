-- One row a patch that is a whole image (`cut --whole`): the size of what it shows, in px of it. Others are square.
create table patch_size (
    patch bigint,
    width integer,
    height integer
)
