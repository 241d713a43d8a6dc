-- One row an explained scan and concept: what it added to the lead of the decided class over the other.
from concept_argument
semi join explanation using (scan)
where lead <> 0
order by scan, lead desc, phenomenon
