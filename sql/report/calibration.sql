-- One row a bin of predicted probabilities, with what came true of it.
from calibration
order by all
