-- One row a unit with a suggested name: of the concepts it answers to (q < 0.05) the one its map fits best, by IoU.
create view unit_suggestion as
select unit, concept, iou, auroc, q, patients
from concept
where q < 0.05 and iou > 0
qualify row_number() over (partition by unit order by iou desc, auroc desc, concept) = 1
