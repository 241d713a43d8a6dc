-- One row a unit and bin: the cells of all batches together.
select unit, bin, sum(count) as count
from stored_histogram
group by all
order by unit, bin
