"""Drawn explanations: what they say, where they say it, and that every kind of film can be drawn."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from deepminer_ray.explanations.figure import ConceptMap, Decision, DrawnScan, blended, draw_explanation
from deepminer_ray.units.picture import displayed
from deepminer_ray.units.receptive_field import Geometry

GEOMETRY = Geometry(32, 99, 15.5)
REPORT = "LESION_TYPE MASS SHAPE IRREGULAR MARGINS SPICULATED"
DECISION = Decision("benign", "malignant", 0.93123)


def drawn_scan(rows: int = 320, columns: int = 256, density: int = 20_000, report: str = REPORT) -> DrawnScan:
    ring = [(x, 100) for x in range(80, 160)] + [(159, y) for y in range(101, 150)] + [(80, 149)]
    return DrawnScan("cancer_01-C_0001_1.LEFT_CC", np.full((rows, columns), density, np.uint16), [ring], report, 4, 2)


def response(rows: int = 10, columns: int = 8, peak: tuple[int, int] = (7, 2)) -> NDArray[np.float32]:
    cells = np.zeros((rows, columns), dtype=np.float32)
    cells[peak] = 5
    return cells


def concept(units: int, name: str = "Spiculation", named: bool = True) -> ConceptMap:
    return ConceptMap(name, named, units, 0.25, response())


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Text]]:
    """Every text that was drawn."""
    drawn: list[Text] = []
    save = Figure.savefig

    def savefig(figure: Figure, path: Path, format: str) -> None:
        save(figure, path, format=format)
        drawn.extend(figure.axes[0].texts)

    monkeypatch.setattr(Figure, "savefig", savefig)
    yield drawn


def test_the_figure_says_what_was_decided_and_why(tmp_path: Path, said: list[Text]) -> None:
    concepts = [concept(5, "Edge of a mass with circumscribed margins"), concept(1, "finding, kind unclear", False)]
    draw_explanation(tmp_path / "scan.png", drawn_scan(), DECISION, response(), concepts, GEOMETRY)
    lines = [text.get_text() for text in said]
    assert "true class: benign   decided class: malignant   probability 0.931" in lines
    assert "cancer_01-C_0001_1.LEFT_CC" in lines
    assert "of malignant" in lines
    assert REPORT in " ".join(lines)
    assert "assessment 4, subtlety 2" in lines
    assert "5 units" in lines
    assert "(1 unit, no name)" in lines
    assert "Edge of a mass with" in " ".join(lines)
    assert " ".join(lines).count("25% of what speaks for malignant") == 2
    assert "DeepMiner Explanation" in lines


def test_every_text_lies_on_the_page_and_none_on_another(tmp_path: Path, said: list[Text]) -> None:
    name = 'Masses with "lumpy" calcifications, with calcs large enough that they are probably benign. ' * 3
    report = " ".join(["LESION_TYPE CALCIFICATION TYPE COARSE-ROUND_AND_REGULAR-LUCENT_CENTER DISTRIBUTION N/A"] * 5)
    draw_explanation(
        tmp_path / "scan.png",
        drawn_scan(report=report),
        DECISION,
        response(),
        [concept(n, name) for n in range(5)],
        GEOMETRY,
    )
    figure = said[0].get_figure()
    assert figure is not None
    page = figure.bbox
    boxes = [text.get_window_extent() for text in said]
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1 for box in boxes)
    for number, box in enumerate(boxes):
        assert not any(box.shrunk(0.9, 0.6).overlaps(other.shrunk(0.9, 0.6)) for other in boxes[number + 1 :])
    keywords = [box for text, box in zip(said, boxes, strict=True) if text.get_text().isupper()]
    assert len(keywords) > 3
    assert max(box.x1 for box in keywords) < page.x1 * 2 / 7, "the report stays beneath the first two panels"
    assert any(text.get_text() == "…" for text in said), "a long report is cut"
    assert any(text.get_text().endswith("…") and len(text.get_text()) > 1 for text in said), "a long name is cut"


@pytest.mark.parametrize("concepts", range(6))
def test_few_concepts_leave_every_text_on_the_page(tmp_path: Path, said: list[Text], concepts: int) -> None:
    maps = [concept(number + 1) for number in range(concepts)]
    draw_explanation(tmp_path / "scan.png", drawn_scan(), DECISION, response(), maps, GEOMETRY)
    figure = said[0].get_figure()
    assert figure is not None
    boxes = [text.get_window_extent() for text in said]
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_dollar_signs_are_no_mathematics(tmp_path: Path, said: list[Text]) -> None:
    draw_explanation(
        tmp_path / "scan.png",
        drawn_scan(report=r"$\undefined$ and $x$ _^{"),
        DECISION,
        response(),
        [concept(1, r"$\frac{$ 10$ 20")],
        GEOMETRY,
    )
    assert r"$\undefined$ and $x$ _^{" in [text.get_text() for text in said]
    assert not any(text.get_parse_math() for text in said)


def maroon(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    blue, green, red = (picture[..., channel].astype(int) for channel in range(3))
    return (abs(red - 128) < 12) & (green < 16) & (blue < 16)


@pytest.mark.parametrize("density", [500, 30_000], ids=["bright film", "dark film"])
def test_the_lesion_is_outlined_on_every_panel(tmp_path: Path, density: int) -> None:
    """Three panels of 3.6 inches with a gap of 0.14; the lesion reaches from px 80 to 159 of 256."""
    draw_explanation(tmp_path / "scan.png", drawn_scan(density=density), DECISION, -response(), [concept(1)], GEOMETRY)
    picture = np.asarray(cv2.imread(str(tmp_path / "scan.png")), dtype=np.uint8)
    across = np.flatnonzero(maroon(picture).any(axis=0))
    parts = np.split(across, np.flatnonzero(np.diff(across) > 100) + 1)
    assert len(parts) == 3
    for place, part in enumerate(parts):
        left, right = 100 * (0.2 + place * 3.74) + 3.6 * 100 * np.array([80, 159]) / 256
        assert part.min() == pytest.approx(left, abs=4)
        assert part.max() == pytest.approx(right + 1.5, abs=4)


@pytest.mark.parametrize("decided", ["normal", "not_malignant", "malignant"])
def test_a_map_colours_no_air(tmp_path: Path, decided: str) -> None:
    """A breast on the left, air on the right, and a map that is high everywhere, highest in the air."""
    pixels = np.full((320, 256), 30_000, np.uint16)
    pixels[:, :120] = 15_000
    pixels[:, :120] += np.random.default_rng(0).integers(0, 800, (320, 120)).astype(np.uint16)
    shown = DrawnScan("normal_01-A_0001_1.LEFT_CC", pixels, [], "", None, None)
    high = np.ones((10, 8), np.float32)
    high[:, 6:] = 20
    of_concept = [ConceptMap("Spiculation", True, 1, 0.25, high)]
    draw_explanation(tmp_path / "scan.png", shown, Decision("normal", decided, 0.9), high, of_concept, GEOMETRY)
    picture = np.asarray(cv2.imread(str(tmp_path / "scan.png")), dtype=np.int64)
    colourful = (picture.max(2) - picture.min(2) > 60).sum(0)
    for left in (100 * (0.2 + 3.74), 100 * (0.2 + 2 * 3.74)):
        assert colourful[int(left) + 50] > 100, "tissue is coloured"
        assert colourful[int(left) + 300] <= 100


def test_the_colour_is_where_the_map_is(tmp_path: Path) -> None:
    grey = displayed(np.full((64, 64), 30_000, np.uint16))
    heat = np.zeros((64, 64), dtype=np.float32)
    heat[10, 50], heat[20, 20] = 2, -2
    coloured = blended(grey, heat)
    assert np.argwhere(coloured.any(axis=2)).tolist() == [[10, 50]]
    grey_panel = np.repeat(grey[..., np.newaxis], 3, axis=2)
    assert blended(grey, -abs(heat) - 1) == pytest.approx(grey_panel), "evidence against the class is not drawn"
    assert blended(grey, 0 * heat) == pytest.approx(grey_panel)
    assert blended(grey, 7 * heat) == pytest.approx(coloured), "a map is seen against its own maximum"


def test_a_scan_in_colour_is_drawn_in_colour_and_its_maps_on_grey(tmp_path: Path) -> None:
    pixels = np.full((320, 256, 3), (60_000, 5_000, 5_000), np.uint16)
    scan = DrawnScan("a", pixels, [], "", None, None, np.ones((320, 256), np.bool_))
    draw_explanation(tmp_path / "scan.png", scan, DECISION, response(), [], GEOMETRY)
    picture = cv2.imread(str(tmp_path / "scan.png"))
    assert picture is not None
    red = np.abs(picture.astype(int) - (19, 19, 233)).max(axis=2) < 4
    grey = np.abs(picture.astype(int) - round(0.299 * 233 + 0.701 * 19)).max(axis=2) < 4
    half = picture.shape[1] // 2
    assert red[:, :half].sum() > 20_000 and not red[:, half:].any(), "the image itself"
    assert grey[:, half:].sum() > 20_000, "where the map is 0"


@pytest.mark.parametrize(
    ("rows", "columns", "units"), [(900, 256, 5), (256, 256, 1), (256, 400, 0), (64, 64, 8), (300, 908, 3)]
)
def test_scans_of_every_shape_fit_the_page(tmp_path: Path, rows: int, columns: int, units: int) -> None:
    path = tmp_path / "scan.png"
    maps = [concept(number) for number in range(units)]
    draw_explanation(path, drawn_scan(rows, columns), DECISION, response(), maps, GEOMETRY)
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture.shape[1] <= 1600
    assert picture.shape[0] <= 1000
    if units >= 5:
        assert picture.shape[1] == 1600


def test_a_scan_without_lesion_and_a_class_without_evidence_are_drawn(tmp_path: Path, said: list[Text]) -> None:
    bare = DrawnScan("normal_01-A_0001_1.LEFT_CC", drawn_scan().pixels, [], "", None, None)
    decision = Decision("normal", "normal", 1.0)
    draw_explanation(tmp_path / "scan.pdf", bare, decision, -response(), [], GEOMETRY, ".pdf")
    assert (tmp_path / "scan.pdf").read_bytes().startswith(b"%PDF")
    lines = [text.get_text() for text in said]
    assert "no finding described" in lines
    assert "nowhere above 0" in lines
    assert not any("assessment" in line for line in lines)
