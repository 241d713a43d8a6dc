-- One row an error and unit: the ten units that argued most often for each kind of wrong decision, where explained.
select error, name, coalesce(phenomenon, 'unnamed') as phenomenon, decisions, errors, corrected
from misleading(partitions := (
    select list(distinct partition) from partition join scan using (patient) semi join explanation using (scan)))
qualify row_number() over (partition by error order by decisions desc, corrected desc, unit) <= 10
order by error, decisions desc, corrected desc, unit
