-- One row a class: of patches, mammograms and patients, or of what a network answers. Code and queries join it.
create table class (
    class varchar,
    place integer, -- by severity: 0 is the least severe
    rest boolean, -- whether it is what is left of the others: a mammogram has it where it has none of them
    known boolean, -- whether patches and mammograms have it as their class; otherwise only networks answer it
    pathologies varchar[], -- those of lesions that count as it
    holds varchar[] -- the known classes of which it is true: not malignant is true of normal and of benign
)
