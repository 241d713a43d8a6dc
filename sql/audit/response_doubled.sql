-- One row a scan and unit with more than one response.
select scan, unit, count(*) as responses
from response
group by all
having responses > 1
