-- One row a phenomenon of an annotator's latest answer about a unit of a network; hidden repeats replace nothing.
create view annotation_now as
from annotation
where not coalesce(repeat, false)
qualify version = max(version) over (partition by unit, annotator, checkpoint)
