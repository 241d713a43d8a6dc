-- True, or an error where the run has no such unit: a question about it would find nothing and not say why.
-- To be asked in a branch of its own, as DuckDB leaves out filters of what it knows to be empty.
create macro known_unit(asked) as if(
    exists (from weight where weight.unit = asked) or exists (from activation where activation.unit = asked),
    true,
    error('This run has no unit ' || asked || '.')
)
