-- One row a patch that was cut (Sec. 2.1); its place and size in px of the film.
select patch, scan, x, y, size, breast
from shard
order by patch
