-- One row a patch with a label on a scan that has a finding of unknown place, which the patch may show. An image that
-- is one patch shows all that it has.
select patch, label.class, lesion
from label
join patch using (patch)
join unplaced using (scan)
anti join patch_size using (patch)
