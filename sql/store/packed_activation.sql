-- Makes the table of a batch's answers unit by unit, as bytes: compressing them would take longer than all else.
create table if not exists packed_activation (
    unit integer,
    first bigint, -- patch, which names the batch
    maximum blob using compression uncompressed,
    mean blob using compression uncompressed,
    peak blob using compression uncompressed
)
