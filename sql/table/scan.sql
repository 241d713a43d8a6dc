-- One row a scan: one image, such as one view of one breast, as its source describes it.
create table scan (
    scan varchar,
    scan_number integer, -- given once, never reused
    patient varchar,
    laterality varchar, -- LEFT or RIGHT
    view varchar, -- CC or MLO
    source_kind varchar,
    file varchar,
    rows integer, -- px of the stored film
    columns integer,
    bits integer,
    digitizer varchar,
    resolution double, -- um a px, null where unknown
    density integer, -- ACR 1 to 4, null where not given
    age integer,
    fingerprint varchar -- of the file: its bytes, and the SHA-256 of its first and last 64 KiB
)
