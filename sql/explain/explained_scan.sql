-- One row a scan that is explained.
select distinct scan
from explanation
