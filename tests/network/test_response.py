"""Unit responses, class maps and scan decisions against their definitions written slowly."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from deepminer_ray.network.backbone import Network, build
from deepminer_ray.network.response import (
    BINS_PER_OCTAVE,
    HISTOGRAM_BINS,
    SMALLEST_OCTAVE,
    Responses,
    answer,
    histogram,
    probabilities,
    reduced,
)


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    return build("resnet18")[0].eval()


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    return torch.randn(3, 3, 64, 96, generator=torch.Generator().manual_seed(1))


@torch.inference_mode()
def answered(network: Network, image: torch.Tensor) -> Responses:
    return reduced(network.features(image))


def test_maximum_mean_and_peak_are_those_of_the_map(network: Network, image: torch.Tensor) -> None:
    found = answered(network, image)
    maps = found.maps.numpy()
    for row, unit in np.ndindex(3, network.units):
        cells = [(maps[row, unit, y, x], y, x) for y in range(maps.shape[2]) for x in range(maps.shape[3])]
        largest = max(value for value, _, _ in cells)
        first = next((y, x) for value, y, x in cells if value == largest)
        assert found.maximum[row, unit] == largest
        assert (found.peak_y[row, unit], found.peak_x[row, unit]) == first
        assert found.mean[row, unit] == pytest.approx(np.mean([value for value, _, _ in cells]), abs=1e-5)


def test_a_tie_goes_to_the_first_cell() -> None:
    ties = torch.tensor([[[[0.0, 2.0], [2.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]]])
    found = reduced(ties)
    assert (found.peak_x.tolist(), found.peak_y.tolist()) == ([[1, 0]], [[0, 0]])


def test_probability_is_the_softmax_of_bias_and_mean_times_weight(network: Network, image: torch.Tensor) -> None:
    found = probabilities(network, answered(network, image))
    with torch.inference_mode():
        expected = network(image).softmax(1).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-12)


def test_probability_of_a_network_that_takes_maxima_is_of_maxima(image: torch.Tensor) -> None:
    """The definition, unit by unit, as the mean's is not near it."""
    torch.manual_seed(0)
    network = build("resnet18", pool="max")[0].eval()
    responses = answered(network, image)
    found = probabilities(network, responses)
    with torch.inference_mode():
        logits = network(image)
        weight, bias = network.head.weight, network.head.bias
        slow = [
            [float(sum(weight[c, u] * float(maps[u].max()) for u in range(network.units)) + bias[c]) for c in range(3)]
            for maps in responses.maps
        ]
    np.testing.assert_allclose(logits.numpy(), slow, atol=1e-4)
    np.testing.assert_allclose(found, logits.softmax(1).numpy(), atol=1e-6)
    network.pool = "avg"
    assert np.abs(probabilities(network, responses) - found).max() > 0.01


def test_class_maps_average_to_the_logits(network: Network, image: torch.Tensor) -> None:
    """The fully convolutional network is the patch network where the patch is the whole input."""
    with torch.inference_mode():
        maps = network.class_maps(network.features(image))
        np.testing.assert_allclose(maps.mean((2, 3)).numpy(), network(image).numpy(), atol=1e-4)


def test_histogram_counts_every_cell_once(network: Network, image: torch.Tensor) -> None:
    maps = answered(network, image).maps
    counts = histogram(maps)
    slow = np.zeros_like(counts)
    for (_, unit, _, _), value in np.ndenumerate(maps.numpy()):
        if value > 0:
            level = int(np.floor((np.log2(value) - SMALLEST_OCTAVE) * BINS_PER_OCTAVE)) + 1
            slow[unit, min(max(level, 1), HISTOGRAM_BINS - 1)] += 1
        else:
            slow[unit, 0] += 1
    assert counts.sum() == maps.numel()
    # A value that lies on an edge may fall to either side of it in single precision.
    assert np.abs(np.cumsum(counts - slow, axis=1)).max() <= 1


def scan_answer(
    network: Network, maps: torch.Tensor, breast: NDArray[np.bool_]
) -> tuple[list[float], list[tuple[int, int]]]:
    """The rule of a scan's decision, cell by cell."""
    with torch.inference_mode():
        probability = network.class_maps(maps)[0].double().softmax(0).numpy()
    best = {}
    for index in (1, 2):
        cells = [
            (y, x) for y in range(breast.shape[0]) for x in range(breast.shape[1]) if breast[y, x] or not breast.any()
        ]
        best[index] = max(cells, key=lambda cell: (probability[index][cell], -cells.index(cell)))
    benign, malignant = probability[1][best[1]], probability[2][best[2]]
    worst = best[1] if benign >= malignant else best[2]
    return [1 - max(benign, malignant), benign, malignant], [worst, best[1], best[2]]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_scan_is_decided_at_its_most_suspicious_cell_in_the_breast(seed: int, share: float) -> None:
    torch.manual_seed(seed)
    network = Network("maps", torch.nn.Identity(), 6)
    maps = torch.randn(1, 6, 4, 5) * 3
    breast = np.random.default_rng(seed).random((4, 5)) < share
    found = answer(network, maps, breast)
    expected, cells = scan_answer(network, maps, breast)
    np.testing.assert_allclose(found.probability, expected, atol=1e-12)
    assert found.cells == cells
