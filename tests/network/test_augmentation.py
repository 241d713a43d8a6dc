"""Augmentations show the film another way, and nothing that is not a film."""

import math

import pytest
import torch

from deepminer_ray.network.augmentation import NO_AUGMENTATION, Augmentation

PIXELS = torch.arange(2 * 8 * 8, dtype=torch.float32).reshape(2, 8, 8) * 100 + 5_000


COLOURS = torch.stack([PIXELS * 2 + 10_000, PIXELS + 3_000, 50_000 - PIXELS], 3)


def test_colours_are_flipped_and_turned_as_three_in_grey() -> None:
    for drawn in (Augmentation(flips=True), Augmentation(rotation=30), Augmentation(flips=True, rotation=90)):
        torch.manual_seed(3)
        together = drawn(COLOURS)
        for channel in range(3):
            torch.manual_seed(3)
            assert torch.equal(together[..., channel], drawn(COLOURS[..., channel]))


def test_brightness_and_contrast_change_in_all_channels_alike() -> None:
    torch.manual_seed(0)
    pixels = COLOURS.repeat(50, 1, 1, 1)
    exposed = Augmentation(jitter=0.1)(pixels)
    shift = (exposed.mean((1, 2, 3)) - pixels.mean((1, 2, 3))) / 65_535
    stretch = exposed.std((1, 2, 3)) / pixels.std((1, 2, 3)) - 1
    for change in (shift, stretch):
        assert 0.08 < change.abs().max() <= 0.1 + 1e-4 and change.min() < 0 < change.max()
    between = (exposed[..., 0] - exposed[..., 2]) / (pixels[..., 0] - pixels[..., 2])
    assert (between - 1 - stretch.view(-1, 1, 1)).abs().max() < 1e-3, "a colour keeps its hue"
    torch.manual_seed(0)
    bright = Augmentation(jitter=0.2)(torch.full((40, 4, 4, 3), 65_000.0))
    assert bright.max() == 65_535, "nothing is brighter than white"


def test_what_is_not_square_is_turned_and_not_sheared() -> None:
    """By a right angle: what lay to the right of the middle lies above or below it, as far away."""
    pixels = torch.zeros(8, 41, 81)
    pixels[:, 20, 50] = 1
    torch.manual_seed(0)
    angles = (2 * torch.rand(8) - 1) * 180
    torch.manual_seed(0)
    for patch, angle in zip(Augmentation(rotation=180)(pixels), angles.tolist(), strict=True):
        down, across = torch.meshgrid(torch.arange(41.0), torch.arange(81.0), indexing="ij")
        near = patch * ((across - 40) ** 2 + (down - 20) ** 2 < 14**2)  # further out it is mirrored
        x, y = (near * across).sum() / near.sum() - 40, (near * down).sum() / near.sum() - 20
        assert float((x**2 + y**2).sqrt()) == pytest.approx(10, abs=0.2), angle
        assert float(x) == pytest.approx(10 * math.cos(math.radians(angle)), abs=0.2)


def test_nothing_is_on_silently() -> None:
    assert Augmentation() == NO_AUGMENTATION == Augmentation(flips=False, rotation=0.0, jitter=0.0)
    assert torch.equal(NO_AUGMENTATION(PIXELS), PIXELS)


def test_flips_mirror_each_patch_by_itself() -> None:
    torch.manual_seed(0)
    ways = {tuple(Augmentation(flips=True)(PIXELS)[1].flatten().tolist()) for _ in range(40)}
    mirrored = {tuple(PIXELS[1].flip(axes).flatten().tolist()) for axes in ([], [0], [1], [0, 1])}
    assert ways == mirrored


def test_small_rotations_keep_the_middle_and_add_no_dark_corners() -> None:
    torch.manual_seed(0)
    pixels = torch.full((4, 33, 33), 20_000.0)
    pixels[:, 16, 16] = 0
    turned = Augmentation(rotation=20)(pixels)
    assert not torch.equal(turned, pixels)
    assert (turned[:, 16, 16] < 2_000).all()
    assert turned.max() <= 20_000.5 and (turned[:, [0, 0, -1, -1], [0, -1, 0, -1]] - 20_000).abs().max() < 1


def test_a_quarter_turn_is_one() -> None:
    """With the angle fixed at its largest, the rotation is that of torch.rot90."""
    torch.manual_seed(0)
    drawn = torch.rand(2)
    torch.manual_seed(0)
    angles = (2 * drawn - 1) * 90
    turned = Augmentation(rotation=90)(PIXELS)
    exact = torch.rot90(PIXELS, 1, (1, 2)), torch.rot90(PIXELS, -1, (1, 2))
    for patch, angle in enumerate(angles.tolist()):
        nearer = exact[0][patch] if angle > 0 else exact[1][patch]
        farther = exact[1][patch] if angle > 0 else exact[0][patch]
        if abs(angle) > 20:
            assert (turned[patch] - nearer).abs().mean() < (turned[patch] - farther).abs().mean()


@pytest.mark.parametrize("jitter", [0.05, 0.2])
def test_density_and_contrast_change_within_their_bounds(jitter: float) -> None:
    torch.manual_seed(0)
    pixels = PIXELS.repeat(50, 1, 1)
    exposed = Augmentation(jitter=jitter)(pixels)
    shift = (exposed.mean((1, 2)) - pixels.mean((1, 2))) / 10_000
    stretch = exposed.std((1, 2)) / pixels.std((1, 2)) - 1
    for change in (shift, stretch):
        assert change.abs().max() <= jitter + 1e-4 and change.abs().max() > jitter * 0.8
        assert change.min() < 0 < change.max()
