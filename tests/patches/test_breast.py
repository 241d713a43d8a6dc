"""The breast is found on drawn films whatever lies around it, and holds the lesions of real ones."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepminer_ray.patches.breast import breast_mask, breast_shares, otsu, without_labels
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.patches.grid import Window, grid_windows
from deepminer_ray.phantom.breast import Anatomy, draw_breast
from deepminer_ray.phantom.scan import density_of
from deepminer_ray.sources.density import DIGITIZERS, to_density, to_grey
from deepminer_ray.sources.image import read_image
from deepminer_ray.sources.manifest import find_rows, read_row

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"

ROWS, COLUMNS = 480, 300
AIR, FAT, GLAND, MUSCLE, CLEAR = 32_000, 18_000, 9_000, 7_500, 2_000

Density = NDArray[np.float64]


def half_disc() -> NDArray[np.bool_]:
    y, x = np.mgrid[:ROWS, :COLUMNS]
    return np.asarray((x / 200) ** 2 + ((y - 220) / 170) ** 2 <= 1)


def drawn_density() -> Density:
    """A breast on the left edge: fat that thins out to the skin, gland with a hole of fat, muscle at the chest wall."""
    inside = half_disc()
    depth = cv2.distanceTransform(np.pad(inside, ((0, 0), (1, 0)), mode="edge").astype(np.uint8), cv2.DIST_L2, 5)[:, 1:]
    density = AIR - (AIR - FAT) * np.clip(0.5 + depth / 30, 0, 1) * inside
    y, x = np.mgrid[:ROWS, :COLUMNS]
    ring = ((x - 80) / 70) ** 2 + ((y - 220) / 90) ** 2
    density[(ring <= 1) & (ring > 0.2)] = GLAND
    density[inside & (x + y / 3 < 70)] = MUSCLE
    noise = np.random.default_rng(0).normal(0, 300, density.shape)
    return np.asarray(cv2.GaussianBlur(density, (0, 0), 1.5) + noise)


def mask_of(density: Density) -> NDArray[np.bool_]:
    return breast_mask(np.clip(density, 0, 65_535).astype(np.uint16))


def agreement(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float((found & true).sum() / (found | true).sum())


def with_label(density: Density) -> Density:
    density[30:60, 180:280] = CLEAR
    return density


def with_strip_at_the_chest_wall(density: Density) -> Density:
    density[:, :6] = CLEAR
    return density


def with_frame(density: Density) -> Density:
    density[:6], density[-6:], density[:, -6:] = CLEAR, CLEAR, CLEAR
    return density


def with_faint_frame(density: Density) -> Density:
    density[:, :7] = np.minimum(density[:, :7], 22_000)
    density[:7], density[-7:] = 22_000, 22_000
    return density


def with_scratch(density: Density) -> Density:
    density[200:203] = CLEAR
    return density


def as_display(density: Density) -> Density:
    return np.clip(density, 500, 30_000)


def lightly_exposed(density: Density) -> Density:
    return density * 0.8


def grainy(density: Density) -> Density:
    return density + np.random.default_rng(1).normal(0, 1_500, density.shape)


def tilted(density: Density) -> Density:
    return density - np.linspace(0, 2_500, COLUMNS) * (density > 30_000)


@pytest.mark.parametrize(
    "disturbed",
    [
        with_label,
        with_strip_at_the_chest_wall,
        with_frame,
        with_faint_frame,
        with_scratch,
        as_display,
        lightly_exposed,
        grainy,
        tilted,
    ],
)
def test_what_is_around_the_breast_is_left_out(disturbed: Callable[[Density], Density]) -> None:
    assert agreement(mask_of(disturbed(drawn_density())), half_disc()) > 0.93


def test_muscle_gland_and_the_fat_they_enclose_are_breast() -> None:
    mask = mask_of(drawn_density())
    assert mask[half_disc() & (drawn_density() < 20_000)].mean() > 0.99
    assert mask[~half_disc()].mean() < 0.02


def test_bright_tissue_along_the_chest_wall_is_no_strip() -> None:
    density = drawn_density()
    density[:, :60][half_disc()[:, :60]] = 3_000
    dense = half_disc().any(axis=1)
    assert mask_of(density[dense])[:, :10].mean() > 0.95


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_the_chest_wall_may_be_on_any_side(quarters: int) -> None:
    turned = np.rot90(drawn_density(), quarters)
    assert agreement(mask_of(turned), np.rot90(half_disc(), quarters)) > 0.93


@pytest.mark.parametrize("side", [16, 64, 120, 227])
def test_the_share_that_is_breast_does_not_depend_on_the_size_of_the_scan(side: int) -> None:
    size = (4 * side, round(4 * side * ROWS / COLUMNS))
    scan = np.asarray(cv2.resize(drawn_density(), size, interpolation=cv2.INTER_LINEAR), dtype=np.uint16)
    mask = breast_mask(scan)
    assert mask.shape == scan.shape
    assert mask.mean() == pytest.approx(half_disc().mean(), abs=0.02)


@pytest.mark.parametrize(("density", "share"), [(AIR, 0), (30_000, 0), (FAT, 1), (GLAND, 1)])
def test_a_scan_may_be_all_air_or_all_tissue(density: int, share: float) -> None:
    grain = np.random.default_rng(2).normal(0, 200, (ROWS, COLUMNS))
    assert mask_of(density + grain).mean() == pytest.approx(share, abs=0.01)
    assert mask_of(np.full((ROWS, COLUMNS), float(density))).mean() == pytest.approx(share, abs=0.01)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(8, 40), st.integers(8, 40))
def test_any_image_has_one_mask(seed: int, rows: int, columns: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 65_536, (rows, columns), np.uint16)
    once, twice = breast_mask(noise), breast_mask(noise.copy())
    assert once.shape == noise.shape
    assert once.dtype == np.bool_
    assert np.array_equal(once, twice)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 1_000_000), min_size=2, max_size=30).filter(lambda counts: sum(counts) > 0))
def test_the_threshold_parts_the_classes_whose_means_lie_furthest_apart(counts: list[int]) -> None:
    def between(last: int) -> float:
        sides = [[(value, counts[value]) for value in part] for part in (range(last + 1), range(last + 1, len(counts)))]
        sizes = [sum(count for _, count in side) for side in sides]
        if 0 in sizes:
            return 0
        means = [sum(value * count for value, count in side) / size for side, size in zip(sides, sizes, strict=True)]
        return sizes[0] * sizes[1] * (means[0] - means[1]) ** 2 / sum(sizes) ** 2

    best = max(map(between, range(len(counts))))
    assert between(otsu(np.array(counts))) == pytest.approx(best, rel=1e-6, abs=1e-9)


def test_a_share_is_a_count_of_pixels() -> None:
    mask = np.random.default_rng(3).random((40, 33)) < 0.4
    grid = grid_windows(33, 40, 8)
    for place, share in zip(grid, breast_shares(mask, grid, 8), strict=True):
        count = sum(bool(mask[y, x]) for y in range(place.y, place.y + 8) for x in range(place.x, place.x + 8))
        assert share == count / 64
    assert breast_shares(np.ones((9, 9), np.bool_), [Window(0, 0, 0, 1, 1)], 8).tolist() == [1]


@pytest.mark.skipif(not (SHARED / "cbis-mass-256").is_dir(), reason="../shared/data/cbis-mass-256 is not there")
def test_lesions_of_real_scans_lie_in_the_breast() -> None:
    directory = SHARED / "cbis-mass-256"
    inside, breasts = [], []
    for row in find_rows(directory)[::12]:
        case = read_row(str(directory), row)
        scan, mask = case.scans[0], breast_mask(read_image(case.scans[0].file))
        breasts.append(mask.mean())
        for lesion in case.lesions:
            filled = filled_outline(lesion.outline, scan.columns, scan.rows, 0, 0)
            inside.append(mask[filled].mean())
    assert np.mean(np.array(inside) > 0.9) > 0.95
    assert 0.02 < min(breasts) < max(breasts) < 0.6


@pytest.mark.parametrize("digitizer", DIGITIZERS)
@pytest.mark.parametrize("view", ["CC", "MLO"])
def test_the_mask_of_a_phantom_scan_is_the_breast_that_was_drawn(digitizer: str, view: str) -> None:
    """Dice of at least 0.97 on every film: fat or dense, either side, with labels, scratches and strips."""
    for seed in range(8):
        rng = np.random.default_rng(seed)
        drawn = draw_breast(Anatomy.of(1 + seed % 4, rng), view, 660, 400, rng)
        flipped = seed >= 4
        density = density_of(drawn, f"R {view}", flipped, rng)
        found = breast_mask(to_density(to_grey(density, digitizer), digitizer))
        true = drawn.mask[:, ::-1] if flipped else drawn.mask
        assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.97


def test_labels_become_air_and_tissue_stays() -> None:
    pixels = np.full((400, 256), 30_000, np.uint16)
    breast = np.zeros(pixels.shape, bool)
    breast[100:300, :128] = True
    pixels[breast] = 15_000
    pixels[breast & (np.arange(256) > 120)] = 22_000
    pixels[20:40, 200:240] = 3_000
    shown = without_labels(pixels, breast)
    assert (shown[20:40, 200:240] == 30_000).all()
    assert (shown[breast] == pixels[breast]).all()
    assert (without_labels(pixels, np.ones_like(breast)) == pixels).all()
    assert (without_labels(pixels, np.zeros_like(breast)) == pixels).all()
