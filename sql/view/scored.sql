-- One row an item of a level, a class and what it is told from: the score and whether the item is of the class.
-- Every class is told from the rest by its probability; malignant from benign by its share of both probabilities, among
-- malignant and benign items only.
create view scored as
select partition, level, patient, class, 'rest' as against, probability as score, is_class(known, class) as positive
from answered

union all

select
    malignant.partition, malignant.level, malignant.patient, malignant.class, 'benign' as against,
    malignant.probability / nullif(malignant.probability + benign.probability, 0) as score,
    malignant.known = 'malignant' as positive
from answered as malignant
join answered as benign using (partition, level, item)
where malignant.class = 'malignant' and benign.class = 'benign' and malignant.known in ('malignant', 'benign')
