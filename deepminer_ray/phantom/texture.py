"""Random fields that look like tissue: 1/f noise, strands and smooth steps."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Field = NDArray[np.float32]
Mask = NDArray[np.bool_]


def noise(
    rows: int,
    columns: int,
    rng: np.random.Generator,
    *,
    exponent: float = 3.0,
    coarsest: float = np.inf,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> Field:
    """A field [rows, columns] of mean 0 and deviation 1 whose power falls as 1/frequency^exponent.

    Grain longer than `coarsest` px is as strong as grain of that length; `stretch` lengthens it along rows and
    columns. Mammograms have exponents of about 3.
    """
    # The margin keeps opposite edges, which are neighbours to the transform, from looking alike.
    height, width = (int(scipy.fft.next_fast_len(length + length // 8, real=True)) for length in (rows, columns))
    down = np.fft.fftfreq(height)[:, None] * stretch[0]
    across = np.fft.rfftfreq(width)[None, :] * stretch[1]
    power = np.maximum(down**2 + across**2, max(coarsest**-2, 1 / (height * width)))
    shape = (power ** (-exponent / 4)).astype(np.float32)
    shape[0, 0] = 0
    white = scipy.fft.rfft2(rng.standard_normal((height, width), dtype=np.float32))
    field = scipy.fft.irfft2(white * shape, s=(height, width))[:rows, :columns]
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def strands(field: Field, width: float) -> Field:
    """Thin bright lines, 0 to 1, where the field changes sign: connective tissue and ducts."""
    return np.asarray(np.exp(-((field / width) ** 2)), dtype=np.float32)


def step(field: NDArray[np.floating], low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, smooth between; `low` above `high` turns it round."""
    share = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)
