-- One row a whole image that was made an input: its size.
select patch, columns as width, rows as height
from shard
join scan using (scan)
order by patch
