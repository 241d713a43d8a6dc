-- Copies the rows of one table of all stores into one: those of several files DuckDB sorts only in memory.
create temp table gathered as from query_table($table)
