-- One row an annotator and level: how true the names are, the best first.
from annotator_score
order by level, auroc desc nulls last, annotator
