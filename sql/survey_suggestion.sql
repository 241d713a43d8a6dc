-- One row a concept that the run itself finds a unit to answer to, the best fitting first.
select concept, iou, auroc, q, patients
from concept
where unit = $unit and q < 0.05 and iou > 0
order by iou desc, concept
limit 5
