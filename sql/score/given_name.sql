-- One row a ranked unit, annotator and name of the network probed; `dissect` counts as an annotator.
select unit, annotator, trim(phenomenon) as phenomenon
from annotation_now
semi join layer using (checkpoint)
semi join unit_rank using (unit)
where recognizable and trim(phenomenon) <> ''

union

select unit, 'dissection' as annotator, concept_word(concept) as phenomenon
from unit_suggestion
semi join unit_rank using (unit)
order by annotator, unit, phenomenon
