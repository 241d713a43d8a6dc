-- One row a table that an attached store holds, but for its ledger.
select table_name as name
from duckdb_tables()
where database_name = 'store' and table_name <> 'ledger'
order by name
