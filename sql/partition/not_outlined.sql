-- One row a film that was left out because nothing outlines its finding, by the reason that says so.
select file
from rejected
where stage = 'catalog' and contains(reason, $reason)
order by file
