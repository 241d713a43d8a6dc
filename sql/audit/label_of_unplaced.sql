-- One row a patch with a label on a scan that has a finding of unknown place, which the patch may show.
select patch, label.class, lesion
from label
join patch using (patch)
join unplaced using (scan)
