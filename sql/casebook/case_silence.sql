-- One row a wrongly decided scan and unit whose silence corrects the decision, with its name.
select scan, unit, alone, place, phenomenon
from silence
left join (from unit_phenomenon semi join layer using (checkpoint)) using (unit)
order by scan, place nulls last, unit
