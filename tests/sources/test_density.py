"""Grey levels and optical densities of DDSM's digitizers, against their makers' step wedges and formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.density import DIGITIZERS, DISPLAY, UNITS_PER_DENSITY, to_density, to_grey

BY_HAND = [
    # USF's step wedge on the DBA: 0.04, 1.13, 3.60.
    ("DBA", 55722, 0.0563),
    ("DBA", 3797, 1.1410),
    ("DBA", 5, 3.8192),
    # 4.80662 / 1.07553: grey level 0 has no logarithm and counts as 1.
    ("DBA", 1, 4.4691),
    ("DBA", 0, 4.4691),
    # 10^4.80662 = 64,065: brighter is not a negative density.
    ("DBA", 65535, 0.0),
    ("HOWTEK_MGH", 0, 3.7890),
    ("HOWTEK_MGH", 1000, 2.8433),
    ("HOWTEK_MGH", 4006, 0.0006),
    ("HOWTEK_MGH", 4007, 0.0),
    ("HOWTEK_ISMD", 0, 3.9660),
    ("HOWTEK_ISMD", 1000, 2.9755),
    ("HOWTEK_ISMD", 4095, 0.0),
    ("LUMISYS", 0, 4.0604),
    # The lowest the scanner gives; its maker calls it 3.6.
    ("LUMISYS", 495, 3.5698),
    ("LUMISYS", 4096, 0.0010),
    ("LUMISYS", 4097, 0.0),
]


@pytest.mark.parametrize(("digitizer", "grey", "density"), BY_HAND)
def test_calibration(digitizer: str, grey: int, density: float) -> None:
    units = to_density(np.array([[grey]], np.uint16), digitizer)
    assert units.dtype == np.uint16
    assert units.item() == pytest.approx(density * UNITS_PER_DENSITY, abs=0.51)


@pytest.mark.parametrize("maximum", [255, 4095, 65535])
def test_a_displayed_image_runs_from_black_3_to_white_005(maximum: int) -> None:
    grey = np.array([0, maximum // 3, maximum], np.uint16)
    assert to_density(grey, DISPLAY, maximum).tolist() == [30000, round(30000 - 29500 / 3), 500]


def test_the_maximum_means_nothing_to_a_digitizer() -> None:
    grey = np.arange(4096, dtype=np.uint16)
    np.testing.assert_array_equal(to_density(grey, "LUMISYS", 4095), to_density(grey, "LUMISYS"))


@pytest.mark.parametrize("digitizer", [*DIGITIZERS, DISPLAY])
def test_brighter_is_never_denser(digitizer: str) -> None:
    units = to_density(np.arange(1 << 16, dtype=np.uint16), digitizer).astype(int)
    assert (np.diff(units) <= 0).all()


@pytest.mark.parametrize("digitizer", ["HOWTEK_MGH", "HOWTEK_ISMD", "LUMISYS"])
def test_grey_levels_come_back(digitizer: str) -> None:
    grey = np.arange(4000, dtype=np.uint16)
    np.testing.assert_array_equal(to_grey(to_density(grey, digitizer) / UNITS_PER_DENSITY, digitizer), grey)


@given(st.floats(0.1, 2.9), st.sampled_from([*DIGITIZERS, DISPLAY]))
def test_densities_come_back_to_a_grey_level(density: float, digitizer: str) -> None:
    grey = to_grey(np.array([density]), digitizer)
    around = np.clip(grey.astype(int) + np.array([1, -1]), 1, 65535).astype(np.uint16)
    low, high = to_density(around, digitizer)
    assert low - 1 <= density * UNITS_PER_DENSITY <= high + 1


@pytest.mark.parametrize("digitizer", DIGITIZERS)
def test_grey_levels_fit_the_digitizer(digitizer: str) -> None:
    grey = to_grey(np.array([-1.0, 9.0]), digitizer)
    assert grey.tolist() == [(1 << DIGITIZERS[digitizer][0]) - 1, 1 if digitizer == "DBA" else 0]


def test_the_table_cannot_be_spoilt() -> None:
    grey = np.zeros((1, 1), np.uint16)
    to_density(grey, "DBA")[0, 0] = 7
    assert to_density(grey, "DBA").item() == 44691


def test_an_unknown_digitizer_is_refused() -> None:
    for convert in (lambda: to_density(np.zeros(1, np.uint16), "VIDAR"), lambda: to_grey(np.zeros(1), "VIDAR")):
        with pytest.raises(BadInput, match="'VIDAR' has no calibration"):
            convert()
