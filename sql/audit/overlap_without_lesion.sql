-- One row an overlap of a patch with no lesion of its scan, or with shares that are none.
select patch, lesion, cover, within
from overlap
left join patch using (patch)
left join lesion using (lesion, scan)
where lesion.pathology is null or not coalesce(cover between 0 and 1 and within between 0 and 1, false)
