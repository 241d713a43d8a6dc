-- One row a patch labelled normal although a lesion fills it or lies in it wholly, proven or not.
select patch, lesion, pathology, cover, within
from label
join overlap using (patch)
join lesion using (lesion)
semi join lesion_class using (lesion)
where is_rest(class) and (cover >= 1 or within >= 1)
