"""Stored values of DICOM become display values as its parts say, each step beside its definition or pydicom's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels import apply_voi_lut

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.density import brightness
from deepminer_ray.sources.dicom import layout_of, read_dataset
from deepminer_ray.sources.dicom_grey import Reading, scale_of
from deepminer_ray.sources.image import read_image
from tests.dicom import lossless_jpeg, write_dicom

VALUES = np.arange(4096, dtype=np.uint16).reshape(64, 64)
RAW = "1.2.840.10008.5.1.4.1.1.1.2.1"


def display(file: Path, **reading: Any) -> NDArray[np.float64]:
    """Display values from 0 to 1, as the network sees them; steps of a density unit are 1/29500."""
    return np.asarray(brightness(read_image(str(file), reading=Reading(**reading)).astype(np.float64)))


def written(folder: Path, pixels: NDArray[Any] = VALUES, stored: int = 12, **tags: Any) -> Path:
    return write_dicom(folder / "a.dcm", pixels, stored=stored, **tags)


def table(first: int, entries: list[int], bits: int = 16, **tags: Any) -> list[Dataset]:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries), first, bits])
    item.add_new("LUTData", "US", entries)
    for name, value in tags.items():
        setattr(item, name, value)
    return [item]


def near(values: NDArray[Any], expected: Any) -> bool:
    return bool(np.abs(values - expected).max() <= 1 / 29000)


def test_what_says_nothing_is_shown_over_the_range_that_its_bits_announce(tmp_path: Path) -> None:
    assert near(display(written(tmp_path)), VALUES / 4095)
    assert near(display(written(tmp_path, stored=16)), VALUES / 65535)
    assert near(display(written(tmp_path, stored=16), black=0.0, white=4095.0), VALUES / 4095)
    assert near(display(written(tmp_path, (VALUES >> 4).astype(np.uint8), 8)), (VALUES >> 4) / 255)


@pytest.mark.parametrize("tags", [{"photometric": "MONOCHROME1"}, {"PresentationLUTShape": "INVERSE"}])
def test_black_and_white_are_exchanged_once(tmp_path: Path, tags: dict[str, str]) -> None:
    assert near(display(written(tmp_path, **tags)), 1 - VALUES / 4095)
    both = {"photometric": "MONOCHROME1", "PresentationLUTShape": "INVERSE"}
    assert near(display(written(tmp_path, **both)), 1 - VALUES / 4095)
    assert near(display(written(tmp_path, PresentationLUTShape="IDENTITY")), VALUES / 4095)


@pytest.mark.parametrize("function", [None, "", "LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(2047, 4096), (540, 580), (2048.5, 1), (100, 3000)])
def test_windows_are_those_of_the_standard(tmp_path: Path, function: str | None, center: float, width: float) -> None:
    tags = {} if function is None else {"VOILUTFunction": function}
    file = written(tmp_path, WindowCenter=center, WindowWidth=width, **tags)
    dataset = dcmread(file)
    if function == "":
        del dataset.VOILUTFunction
    expected = apply_voi_lut(VALUES, dataset) / 4095
    assert near(display(file), np.clip(expected, 0, 1))


def test_a_window_is_chosen_by_its_number(tmp_path: Path) -> None:
    file = written(tmp_path, WindowCenter=[2047, 540], WindowWidth=[4096, 580])
    assert near(display(file), display(file, window=1))
    assert near(display(file, window=2), np.clip((VALUES - 539.5) / 579 + 0.5, 0, 1))
    assert near(display(file, window=3), display(file, window=1))
    beaten = written(tmp_path, WindowCenter=540, WindowWidth=580, VOILUTSequence=table(0, [0, 65535]))
    assert near(display(beaten), np.minimum(VALUES, 1))
    assert near(display(beaten, window=1), np.clip((VALUES - 539.5) / 579 + 0.5, 0, 1))


@pytest.mark.parametrize(
    ("tags", "reading", "said"),
    [
        ({"WindowCenter": 5, "WindowWidth": 0}, {}, "a window 0 wide"),
        ({"WindowCenter": 5, "WindowWidth": 9, "VOILUTFunction": "CUBIC"}, {}, "unknown function 'CUBIC'"),
        ({"WindowCenter": 5, "WindowWidth": 9}, {"window": 2}, "has 1 of at least 2 windows"),
        ({}, {"window": 2}, "has no window"),
        ({"WindowCenter": 5, "WindowWidth": 9}, {}, ""),
    ],
)
def test_odd_windows_are_said(tmp_path: Path, tags: dict[str, Any], reading: dict[str, int], said: str) -> None:
    file = written(tmp_path, **tags)
    dataset = read_dataset(file, "image")
    oddities = scale_of(dataset, layout_of(dataset, "a", "image"), Reading(**reading)).oddities
    assert said in " ".join(oddities) and bool(said) == bool(oddities)
    assert display(file, **reading).max() <= 1


def test_numbers_of_windows_may_be_text_with_a_comma(tmp_path: Path) -> None:
    file = written(tmp_path, WindowCenter="540.5", WindowWidth="0580")
    file.write_bytes(file.read_bytes().replace(b"540.5 ", b"540,5 "))
    assert near(display(file), np.clip((VALUES - 540.0) / 579 + 0.5, 0, 1))


def test_slope_intercept_and_window_follow_each_other(tmp_path: Path) -> None:
    assert near(display(written(tmp_path, RescaleSlope=-1, RescaleIntercept=4095)), 1 - VALUES / 4095)
    file = written(tmp_path, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=900, WindowWidth=1001)
    assert near(display(file), np.clip((2.0 * VALUES - 100 - 899.5) / 1000 + 0.5, 0, 1))
    assert near(display(written(tmp_path, RescaleSlope=0, RescaleIntercept=7)), VALUES / 4095)


def test_a_modality_table_comes_before_slope_and_window(tmp_path: Path) -> None:
    squares = [round((value / 4095) ** 2 * 65535) for value in range(4096)]
    file = written(tmp_path, ModalityLUTSequence=table(0, squares), RescaleSlope=9)
    assert near(display(file), (VALUES / 4095) ** 2)
    file = written(tmp_path, ModalityLUTSequence=table(100, squares[:50]), WindowCenter=20, WindowWidth=41)
    entries = np.array(squares[:50])[np.clip(VALUES.astype(int) - 100, 0, 49)]
    assert near(display(file), np.clip((entries - 19.5) / 40 + 0.5, 0, 1))


def test_tables_of_few_bits_and_of_values_below_zero_are_read(tmp_path: Path) -> None:
    signed = VALUES.astype(np.int16) - 2048
    file = written(tmp_path, signed, VOILUTSequence=table(-2048, [value // 4 for value in range(4096)], bits=10))
    assert near(display(file), (VALUES // 4) / 1023)
    packed = table(0, [0], bits=8)
    packed[0].LUTDescriptor = [4, 0, 8]
    packed[0].add_new("LUTData", "OW", bytes([0, 50, 100, 255]))
    assert near(
        display(written(tmp_path, VOILUTSequence=packed)), np.array([0, 50, 100, 255])[np.minimum(VALUES, 3)] / 255
    )
    short = table(0, [1, 2, 3])
    short[0].LUTDescriptor = [400, 0, 16]
    assert near(display(written(tmp_path, VOILUTSequence=short)), VALUES / 4095)


def test_signed_values_are_shown_from_the_least_to_the_greatest(tmp_path: Path) -> None:
    assert near(display(written(tmp_path, VALUES.astype(np.int16) - 2048)), VALUES / 4095)
    beyond = written(tmp_path, VALUES.astype(np.int16))  # as some write that think of twelve bits and a sign
    assert near(display(beyond), VALUES / 4095)
    positive = written(tmp_path, VALUES.astype(np.int16), 13)
    assert near(display(positive), VALUES / 4095)
    both = written(tmp_path, VALUES.astype(np.int16) - 1000, WindowCenter=1048, WindowWidth=4096)
    assert near(display(both), VALUES / 4095)
    high = written(tmp_path, (VALUES.astype(np.int16) - 2048) << 4 | 5, HighBit=15)
    assert near(display(high), VALUES / 4095)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("tags", "padded"),
    [
        ({"PixelPaddingValue": 0}, VALUES == 0),
        ({"PixelPaddingValue": 4095}, VALUES == 4095),
        ({"PixelPaddingValue": 4000, "PixelPaddingRangeLimit": 4095}, VALUES >= 4000),
        ({"PixelPaddingValue": 9, "PixelPaddingRangeLimit": 0}, VALUES <= 9),
        ({"PixelPaddingValue": 65535}, VALUES == 5000),
    ],
)
def test_padding_is_air(tmp_path: Path, photometric: str, tags: dict[str, int], padded: NDArray[np.bool_]) -> None:
    plain = VALUES / 4095 if photometric == "MONOCHROME2" else 1 - VALUES / 4095
    assert near(display(written(tmp_path, photometric=photometric, **tags)), np.where(padded, 0, plain))


def test_signs_of_what_was_compressed_are_within_the_bits_or_above_them(tmp_path: Path) -> None:
    signed = VALUES.astype(np.int16) - 2048
    for coded, precision in ((signed.view(np.uint16) & 4095, 12), (signed.view(np.uint16), 16)):
        frame = lossless_jpeg(coded, 1, precision)
        file = written(tmp_path, signed, syntax="1.2.840.10008.1.2.4.70", frame=frame)
        assert near(display(file), VALUES / 4095)


def test_padding_may_fill_the_bits_above_and_have_another_sign(tmp_path: Path) -> None:
    filled = VALUES.copy()
    filled[5] = 65535
    shown = display(written(tmp_path, filled, PixelPaddingValue=65535))
    assert (shown[5] == 0).all() and near(np.delete(shown, 5, 0), np.delete(VALUES, 5, 0) / 4095)
    signed = VALUES.astype(np.int16)
    signed[5] = -2000
    file = written(tmp_path, signed, 16, WindowCenter=2047.5, WindowWidth=4096)
    dataset = dcmread(file)
    dataset.add_new("PixelPaddingValue", "US", 65536 - 2000)
    dataset.PhotometricInterpretation = "MONOCHROME1"
    dataset.save_as(file)
    assert (display(file)[5] == 0).all()


def test_calibrated_films_keep_their_optical_density(tmp_path: Path) -> None:
    """Thousandths of density; what is padding is as dark as a light box shows."""
    file = written(tmp_path, RescaleType="OD", RescaleSlope=1, RescaleIntercept=0, PixelPaddingValue=0, WindowCenter=9)
    assert (read_image(str(file)) == np.where(VALUES == 0, 30000, VALUES * 10)).all()
    calibration = table(0, [3000, 50], ModalityLUTType="OD")
    file = written(tmp_path, ModalityLUTSequence=calibration)
    assert (read_image(str(file)) == np.where(VALUES == 0, 30000, 500)).all()


@pytest.mark.parametrize("tags", [{"kind": RAW}, {"PresentationIntentType": "FOR PROCESSING"}])
def test_images_for_processing_are_refused_or_converted(tmp_path: Path, tags: dict[str, str]) -> None:
    through = np.exp(-np.linspace(0, 6, 4096)).reshape(64, 64)  # the share of the rays that come through
    through[:1] = 1
    for exposure in (15000, 9000):
        file = written(tmp_path, np.rint(through * exposure).astype(np.uint16), 14, **tags)
        with pytest.raises(BadInput, match="for processing, not for presentation: --raw"):
            display(file)
        seen = display(file, raw=True)
        assert np.abs(seen - np.clip(-np.log(through) / 5, 0, 1)).max() < 0.01, "whatever the exposure was"
    upside_down = written(
        tmp_path, np.rint(15000 - through * 15000).astype(np.uint16), 14, PixelIntensityRelationshipSign=-1, **tags
    )
    assert np.corrcoef(display(upside_down, raw=True).ravel(), -np.log(through).ravel())[0, 1] > 0.9
    logarithm = np.rint(2000 + 100 * np.log(through)).astype(np.uint16)
    seen = display(written(tmp_path, logarithm, 14, PixelIntensityRelationship="LOG", **tags), raw=True)
    assert seen.min() == 0 and seen.max() == 1 and np.abs(seen - -np.log(through) / 6).max() < 0.02
