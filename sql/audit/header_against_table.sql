-- One row a film whose header says another patient, side or view than its source's table.
select scan, file, string_agg(what, '; ' order by what) as what
from repair
join scan using (file)
where repair.stage = 'catalog' and starts_with(what, 'has a header that says')
group by all
