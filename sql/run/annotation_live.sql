-- Every row of `annotation`: what is in the run, and what a survey has saved since and not yet folded in (`unfolded`).
create temp view annotation as
from run.main.annotation
union all by name
from unfolded
anti join run.main.annotation using (unit, annotator, version, checkpoint)
