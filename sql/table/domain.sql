-- One row: what the images are of, see docs/domains.md; `class` and `term` have its classes and its words.
create table domain (
    name varchar,
    said struct(term varchar, said varchar)[], -- what a term becomes in a name, such as a plural
    nothing varchar, -- what a patch without any finding shows, in words
    patches_across integer, -- along the shorter side of an image
    places_per_patch integer,
    text varchar -- the file of the domain, whole
)
