-- One row a unit and concept that the run itself finds the unit to answer to, at most five a unit, the best first.
select unit, concept, iou, auroc, q, patients
from concept
where q < 0.05 and iou > 0
qualify row_number() over (partition by unit order by iou desc, concept) <= 5
order by unit, iou desc, concept
