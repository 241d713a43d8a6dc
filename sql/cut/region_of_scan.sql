-- One row a scan with a mask of its region: the file, and the value in it.
select scan, file, value
from region
