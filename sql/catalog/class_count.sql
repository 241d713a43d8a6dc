-- One row a class that a finding can have, the most severe first: how many scans show it, wherever in them.
select class.class, count(distinct scan) as images
from class
left join lesion_class using (class)
where class.known and not class.rest
group by class.class, class.place
order by class.place desc
