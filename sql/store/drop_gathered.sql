-- Drops the copy, whose rows are in the run.
drop table gathered
