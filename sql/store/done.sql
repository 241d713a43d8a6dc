-- One row a batch that is in this file.
select batch
from ledger
order by batch
