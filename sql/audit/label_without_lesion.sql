-- One row a patch labelled with a finding although it overlaps no such lesion.
select patch, class
from label
anti join (select patch, class from overlap join lesion_class using (lesion)) using (patch, class)
where not is_rest(class)
