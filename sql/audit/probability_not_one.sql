-- One row a patch whose probabilities are not shares that sum to 1 of three classes, or of malignant or not.
select patch, list(class order by class) as classes, sum(probability) as total
from prediction
group by all
having classes not in (['benign', 'malignant', 'normal'], ['malignant', 'not_malignant'])
    or count(probability) <> count(*) or abs(total - 1) > 1e-4 or min(probability) < 0
