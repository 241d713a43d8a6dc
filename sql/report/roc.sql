-- One row a point of an ROC curve, with its band over patients.
from roc
order by all
