-- One row a batch whose rows are all in this file.
create table if not exists ledger (
    batch integer primary key
)
