-- One row a label of a patch that does not exist.
select patch, class
from label
anti join patch using (patch)
