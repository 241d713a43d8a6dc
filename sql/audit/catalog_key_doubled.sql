-- One row a keyword of a lesion, or region of a scan, that stands twice in its table.
with key as (
    select 'keyword' as name, concat_ws(' ', lesion, attribute, term) as key from keyword
    union all
    select 'region', scan from region
)

select name, key, count(*) as times
from key
group by all
having times > 1
