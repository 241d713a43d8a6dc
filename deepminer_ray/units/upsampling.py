"""Response maps at the resolution of pixels: bilinear between the centres of the cells (Sec. 2.2).

Beyond the outermost centres a pixel has the value of the nearest cell on the edge. OpenCV's remap rounds a pixel's
position to 1/32 of a cell. The weights of `interpolation` are exact, and serve many maps of one size in two products.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.units.receptive_field import Geometry

Sampling = tuple[NDArray[np.float32], NDArray[np.float32]]


def _in_cells(pixels: NDArray[Any], geometry: Geometry) -> NDArray[np.float64]:
    """Where pixels lie among the cells of a side: 0 is the centre of the first."""
    return np.asarray((pixels - geometry.offset) / geometry.stride, dtype=np.float64)


def upsample(response_map: NDArray[Any], geometry: Geometry, height: int, width: int) -> NDArray[np.float32]:
    """[height, width]: a map [h, w] at every pixel, cell j on pixel offset + j * stride."""
    return sampled(response_map, sampling(geometry, np.arange(height), np.arange(width)))


def sampling(geometry: Geometry, rows: NDArray[Any], columns: NDArray[Any]) -> Sampling:
    """Column and row among a map's cells of rows and columns of pixels, also between them: [rows, columns] each."""
    row, column = (_in_cells(pixels, geometry).astype(np.float32) for pixels in (rows, columns))
    return np.tile(column, (len(row), 1)), np.repeat(row, len(column)).reshape(len(row), len(column))


def sampled(cells: NDArray[Any], where: Sampling, into: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """A map [h, w], or four as channels [h, w, 4], at the pixels of a sampling; in `into` where it is given."""
    of_map = np.ascontiguousarray(cells, dtype=np.float32)
    upsampled = cv2.remap(of_map, *where, cv2.INTER_LINEAR, dst=into, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(upsampled, dtype=np.float32)


def interpolation(cells: int, pixels: int, geometry: Geometry) -> NDArray[np.float32]:
    """[pixels, cells]: the weights of the cells along one side; rows @ map @ columns.T upsamples a map."""
    position = np.clip(_in_cells(np.arange(pixels), geometry), 0, cells - 1)
    weights: NDArray[np.float32] = np.clip(1 - np.abs(position[:, None] - np.arange(cells)), 0, None).astype(np.float32)
    return weights
