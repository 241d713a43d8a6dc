-- One row a view or macro that somebody made in the open file: its kind, as `drop` calls it, its name and its text.
select 'view' as kind, view_name as name, sql as text
from duckdb_views()
where not internal and database_name = current_database()

union all

select
    if(function_type = 'table_macro', 'macro table', 'macro') as kind, function_name as name,
    concat_ws(chr(10), to_json(parameters), to_json(parameter_types), macro_definition) as text
from duckdb_functions()
where not internal and function_type in ('macro', 'table_macro') and database_name = current_database()
