-- One row: what DuckDB would do to answer a question, with all that stands in for arguments not given, or its refusal.
select json_serialize_plan($asked) as planned
