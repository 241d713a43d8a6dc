-- One row an item of a level, in the order that makes the resampling repeatable.
select patient, score, positive
from scored
where partition = $partition and level = $level and class = $class and against = $against and score is not null
order by patient, score, positive
