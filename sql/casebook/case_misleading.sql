-- One row an error and unit: the units that argued most often for wrong decisions.
from misleading(partitions := $partitions)
qualify row_number() over (partition by error order by decisions desc, corrected desc, unit) <= 10
order by error, decisions desc, corrected desc, unit
