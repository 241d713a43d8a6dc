-- True, or an error where the run has no such scan (see known_unit).
create macro known_scan(asked) as if(
    exists (from scan where scan.scan = asked), true, error('This run has no scan ' || asked || '.')
)
