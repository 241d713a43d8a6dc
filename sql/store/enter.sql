-- Enters a batch into the ledger, in the transaction that holds its rows.
insert into ledger by name (select $batch as batch)
