-- One row a patch with a class; patches of unproven lesions have none.
create table label (
    patch bigint,
    class varchar -- normal, benign or malignant
)
