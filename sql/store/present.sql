-- One row a table of an attached store, but for its ledger: as SQL names it, and its own name.
select format('"{}".main."{}"', database_name, table_name) as stored, table_name as name
from duckdb_tables()
where database_name like 'store@_%' escape '@' and table_name <> 'ledger'
order by all
