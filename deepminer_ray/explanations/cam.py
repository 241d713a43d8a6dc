"""The class activation map (Sec. 2.3, reference [12]): where on the image the evidence for a class is."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def class_activation_map(maps: NDArray[Any], weight: NDArray[Any]) -> NDArray[np.float32]:
    """[h, w]: the sum of the response maps [units, h, w], each times the unit's weight [units] for the class.

    The class's logit at a cell is this plus the class's bias.
    """
    return np.tensordot(weight.astype(np.float64), maps.astype(np.float64), axes=1).astype(np.float32)
