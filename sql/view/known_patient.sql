-- True, or an error where the run has no such patient (see known_unit).
create macro known_patient(asked) as if(
    exists (from scan where scan.patient = asked), true, error('This run has no patient ' || asked || '.')
)
