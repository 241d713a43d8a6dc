-- One row a class, and one for patches without a label: how many patches.
select coalesce(class, 'unlabelled') as class, count(*) as patches
from patch
left join label using (patch)
group by all
order by patches desc, class
