-- One row if the batch is in this file already.
select batch
from ledger
where batch = $batch
