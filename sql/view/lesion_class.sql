-- One row a lesion: the class its pathology counts as, how severe that is, and whether a patch can have it.
create view lesion_class as
select lesion, scan, class.class, place, known
from lesion
join class on list_contains(pathologies, pathology)
