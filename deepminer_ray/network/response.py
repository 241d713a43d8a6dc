"""What the units answer, to patches and, fully convolutional, to whole images (Secs. 2.2, 2.3)."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from deepminer_ray.classes import deciding_cells, scan_probability
from deepminer_ray.network.backbone import Network

HISTOGRAM_BINS = 256
BINS_PER_OCTAVE = 8
SMALLEST_OCTAVE = -16
"""Bin 0 holds activations <= 0, bin b >= 1 those from 2 ** (SMALLEST_OCTAVE + (b - 1) / BINS_PER_OCTAVE) on."""


@dataclass(frozen=True, slots=True)
class Responses:
    """Maps [n, units, h, w] and what is kept of them: maximum, mean [n, units], peak_x, peak_y [n, units] in cells."""

    maps: torch.Tensor
    maximum: NDArray[np.float32]
    mean: NDArray[np.float32]
    peak_x: NDArray[np.int32]
    peak_y: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ScanAnswer:
    """The decision over a whole image: probability [classes] and the cell (y, x) that decided for each class."""

    probability: NDArray[np.float64]
    cells: list[tuple[int, int]]


@torch.inference_mode()
def reduced(maps: torch.Tensor) -> Responses:
    """Maps [n, units, h, w] with what is kept of them; ties of the maximum go to the first cell in row-major order."""
    flat = maps.flatten(2)
    maximum = flat.amax(2)
    peak = _first_equal(flat, maximum)
    width = maps.shape[3]
    return Responses(
        maps,
        maximum.cpu().numpy(),
        maps.mean((2, 3)).cpu().numpy(),
        peak % width,
        peak // width,
    )


def _first_equal(flat: torch.Tensor, maximum: torch.Tensor) -> NDArray[np.int32]:
    """First index of the maximum: torch's own argmax promises no order among ties."""
    position = torch.arange(flat.shape[2], dtype=torch.int32, device=flat.device).expand_as(flat)
    first: NDArray[np.int32] = position.where(flat == maximum.unsqueeze(2), flat.shape[2]).amin(2).cpu().numpy()
    return first


@torch.inference_mode()
def probabilities(network: Network, responses: Responses) -> NDArray[np.float64]:
    """Class probabilities [n, classes] of patches: softmax of bias + sum over units of pooled map x weight."""
    of_maps = responses.maximum if network.pool == "max" else responses.mean
    pooled = torch.from_numpy(of_maps).to(network.head.weight.device)
    result: NDArray[np.float64] = network.head(pooled).double().softmax(1).cpu().numpy()
    return result


@torch.inference_mode()
def histogram(maps: torch.Tensor) -> NDArray[np.int64]:
    """Cells of response maps counted by unit and bin [units, bins]; sums of such counts do not depend on order."""
    octave = maps.clamp_min(2.0 ** (SMALLEST_OCTAVE - 1)).log2_().sub_(SMALLEST_OCTAVE)
    level = octave.mul_(BINS_PER_OCTAVE).floor_().clamp_(0, HISTOGRAM_BINS - 2).add_(1).mul_(maps > 0)
    units = maps.shape[1]
    slot = level.long() + HISTOGRAM_BINS * torch.arange(units, device=maps.device).view(1, -1, 1, 1)
    as_stored = slot.permute(0, 2, 3, 1).flatten()  # channels last: nothing is copied
    counts: NDArray[np.int64] = torch.bincount(as_stored, minlength=units * HISTOGRAM_BINS).cpu().numpy()
    return counts.reshape(units, HISTOGRAM_BINS)


@torch.inference_mode()
def answer(network: Network, maps: torch.Tensor, breast: NDArray[np.bool_]) -> ScanAnswer:
    """Decide over one image from its maps [1, units, h, w] and the cells [h, w] that lie in the breast.

    The rule is `scan_probability`'s; where no cell is in the breast, all are.
    """
    probability = network.class_maps(maps)[0].double().softmax(0).cpu().numpy()
    inside = np.flatnonzero(breast if breast.any() else np.ones_like(breast))
    of_cells = probability.reshape(len(network.classes), -1)[:, inside]
    cells = [divmod(int(inside[cell]), breast.shape[1]) for cell in deciding_cells(of_cells)]
    return ScanAnswer(scan_probability(of_cells), cells)
