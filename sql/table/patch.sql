-- One row a patch: a window of a scan with enough breast, or the domain's region, in it, in px of the stored film
-- (Sec. 2.1).
create table patch (
    patch bigint, -- scan_number x 65536 + row-major place in the grid
    scan varchar,
    x integer, -- left column
    y integer, -- top row
    size integer,
    breast double -- share of the patch that is breast, or the domain's region
)
