-- One row a batch and unit from $first to $last, as bytes.
select *
from stored_packed_activation
where unit between $first and $last
