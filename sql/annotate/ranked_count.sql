-- One row: how many units are ranked.
select count(distinct unit) as units
from unit_rank
