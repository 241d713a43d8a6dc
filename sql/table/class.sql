-- One row a class: of patches, images and patients, or of what a network answers. Code and queries join it.
create table class (
    class varchar,
    place integer, -- by severity: 0 is the least severe
    rest boolean, -- whether it is what is left of the others: an image has it where it has none of them
    known boolean, -- whether patches and images have it as their class; otherwise only networks answer it
    pathologies varchar[], -- those of lesions that count as it
    holds varchar[] -- the known classes of which it is true: what is not of a class is true of all others
)
