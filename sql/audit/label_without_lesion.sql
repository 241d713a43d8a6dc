-- One row a patch labelled benign or malignant although it overlaps no such lesion.
with shown as (
    select patch, class_of(pathology) as class
    from overlap
    join lesion using (lesion)
)

select patch, class
from label
anti join shown using (patch, class)
where class <> 'normal'
