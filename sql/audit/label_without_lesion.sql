-- One row a patch labelled with a finding although it overlaps no such lesion; of whole images, although none has it.
select patch, class
from label
anti join (select patch, class from overlap join lesion_class using (lesion)) using (patch, class)
anti join (
    select patch, class
    from patch_size
    join patch using (patch)
    join lesion using (scan)
    join lesion_class using (lesion)
) using (patch, class)
where not is_rest(class)
