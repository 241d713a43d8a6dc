-- One row a phenomenon of an answer that a survey saved (`unfolded`) and that is not in the run yet.
from unfolded
anti join annotation using (unit, annotator, version, checkpoint)
