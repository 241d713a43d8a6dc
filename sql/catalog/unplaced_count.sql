-- One row: how many scans have a finding whose place is not known.
select count(distinct scan) as images
from unplaced
