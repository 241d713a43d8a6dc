-- One row a patch with a lesion that is not labelled normal: the lesion of its largest cover or within.
create view main_lesion as
select patch, lesion
from overlap
anti join (from label where is_rest(class)) using (patch)
qualify row_number() over (partition by patch order by greatest(cover, within) desc, lesion) = 1
