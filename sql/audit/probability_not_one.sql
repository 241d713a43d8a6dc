-- One row a patch whose probabilities are not shares that sum to 1, or not of classes that hold each known one once.
select patch, list(class order by class) as classes, sum(probability) as total
from prediction
left join class using (class)
group by all
having list_sort(flatten(list(coalesce(holds, []))))
    is distinct from (select list(class order by class) from class where known)
    or count(probability) <> count(*) or abs(total - 1) > 1e-4 or min(probability) < 0
