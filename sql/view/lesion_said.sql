-- One row a lesion and attribute that its source says something about: its keywords, as the source has them.
create view lesion_said as
select lesion, replace(name, '_', ' ') as attribute, keywords
from (
    unpivot (select lesion, lesion_type, shape, margins, calcification_type, distribution from lesion)
    on lesion_type, shape, margins, calcification_type, distribution into name name value keywords
)
union all
select lesion, attribute, string_agg(term, '; ' order by term) from keyword group by all
