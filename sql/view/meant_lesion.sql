-- One row a lesion that a name means: of each group of concepts (one group an attribute) it has at least one.
create macro meant_lesion(meant) as table
select lesion, scan
from lesion
join (select lesion, list(concept) as concepts from lesion_concept group by lesion) using (lesion)
where list_bool_and(list_transform(meant, lambda one: list_has_any(concepts, one)))
