-- One row a finding of a class whose place on the scan is not known: no patch of that scan is known to be without it.
create view unplaced as
select lesion, scan, lesion_class.class
from lesion
join lesion_class using (lesion, scan)
where len(outline) = 0
