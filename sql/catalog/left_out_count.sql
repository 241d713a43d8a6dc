-- One row a kind of image that is left out unless it is asked for: how many are.
select
    if(starts_with(reason, 'It is a view'), regexp_extract(reason, 'kind (.*): --views', 1), 'for processing') as kind,
    count(*) as images
from rejected
where stage = 'catalog'
    and regexp_matches(reason, '^It is (a view of the kind|for processing, not for presentation)')
group by all
order by all
