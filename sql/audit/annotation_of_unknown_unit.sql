-- One row an annotated unit that the network in this run does not have; answers about other networks are left alone.
select distinct unit, annotator, checkpoint
from annotation
semi join layer on layer.checkpoint is null or layer.checkpoint = annotation.checkpoint
anti join weight using (unit)
where exists (from weight)
