-- One row: whether there are findings, and nothing says where any of them is.
select count(*) > 0 and count(*) filter (len(outline) > 0) = 0 as missing
from lesion
