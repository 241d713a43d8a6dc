-- One row a lesion: one abnormality outlined on one scan, in px of the stored film.
create table lesion (
    lesion varchar,
    scan varchar,
    abnormality integer, -- its number in the scan's report, from 1
    pathology varchar, -- what its source says: one of the domain's classes or of what counts as one, or unproven
    lesion_type varchar,
    shape varchar,
    margins varchar,
    calcification_type varchar,
    distribution varchar,
    assessment integer, -- how suspicious whoever described it found it
    subtlety integer, -- 1 subtle to 5 obvious
    report varchar, -- the keyword line
    x integer, -- box of the outline: left column and top row
    y integer,
    width integer,
    height integer,
    area integer, -- px within the outline, its boundary included
    outline struct(x integer, y integer)[][] -- closed rings; boundary px are inside, cores ignored
)
