-- One row a whole image with a class, which is that of its scan: none where that is unproven.
select patch, class
from patch
join scan_class using (scan)
