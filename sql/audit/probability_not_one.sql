-- One row a patch whose probabilities are not three shares that sum to 1.
select patch, count(*) as classes, sum(probability) as total
from prediction
group by all
having classes <> 3 or count(probability) <> 3 or abs(total - 1) > 1e-4 or min(probability) < 0
