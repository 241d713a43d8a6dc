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
    unit varchar, -- density (of calibrated film), display (as bright as shown) or colour
    modality varchar, -- as DICOM says it, such as MG; null elsewhere
    acquisition varchar, -- film or digital, null where unknown
    black double, -- the values that are so where the file does not say it,
    white double, -- as decided for the source; null where it does, or all of its range is used
    fingerprint varchar -- of the file: its bytes, and the SHA-256 of its first and last 64 KiB
)
