-- One row a patch with a lesion that is not labelled as showing no finding: the lesion of its largest cover or within.
create view main_lesion as
select patch, lesion
from overlap
anti join (from finding_patch where not finding) using (patch)
qualify row_number() over (partition by patch order by greatest(cover, within) desc, lesion) = 1
