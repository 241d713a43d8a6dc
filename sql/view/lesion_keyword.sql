-- One row a lesion, attribute and term that its source says of it, in words: "shape", "oval".
create view lesion_keyword as
select lesion, split_part(concept, ': ', 1) as attribute, substr(concept, strpos(concept, ': ') + 2) as term
from lesion_concept
where attribute <> 'pathology'
