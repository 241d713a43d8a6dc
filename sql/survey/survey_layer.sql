-- One row: the probed layer, and how cells of its maps lie on pixels.
from layer
