-- One row: how many concepts ranked units were tried for, and how many of the units a name came of.
select
    count(distinct concept) filter (against = 'findings' and not starts_with(concept, 'pathology')) as concepts,
    count(distinct unit) filter (named) as named
from contrast
