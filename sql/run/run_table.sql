-- One row a table of the run.
select table_name
from duckdb_tables()
order by table_name
