"""Boxes, circles, polygons, masks and run lengths become rings that hold the pixels of a slow definition."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.sources import shape
from deepminer_ray.sources.finding import rings_of
from deepminer_ray.sources.overlay import chain_codes
from deepminer_ray.sources.run_lengths import mask_of_runs
from deepminer_ray.sources.shape import rings_said

COLUMNS, ROWS = 14, 11
SIZE = COLUMNS, ROWS


def no_mask(name: str) -> NDArray[np.generic]:
    raise AssertionError(f"{name} is not read")


def drawn(said: dict[str, Any], repairs: list[str] | None = None) -> NDArray[np.bool_]:
    """The pixels [rows, columns] of a shape; every ring is a chain of neighbours on the image."""
    rings = rings_said(
        {name: str(cell) for name, cell in said.items()}, SIZE, no_mask, [] if repairs is None else repairs
    )
    for ring in rings:
        chain_codes(ring)
        assert len(ring) == 1 or ring[0] != ring[-1]
    return filled_outline(rings, COLUMNS, ROWS, 0, 0)


def of_rule(inside: Any) -> NDArray[np.bool_]:
    """The pixels whose middle fits a rule, one by one."""
    return np.array([[bool(inside(x + 0.5, y + 0.5)) for x in range(COLUMNS)] for y in range(ROWS)])


def without_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask with all that it encloses: what cannot leave the image by steps up, down and aside."""
    outside = np.zeros((ROWS + 2, COLUMNS + 2), np.bool_)
    todo = [(0, 0)]
    while todo:
        row, column = todo.pop()
        if 0 <= row < ROWS + 2 and 0 <= column < COLUMNS + 2 and not outside[row, column]:
            if 1 <= row <= ROWS and 1 <= column <= COLUMNS and mask[row - 1, column - 1]:
                continue
            outside[row, column] = True
            todo += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
    filled: NDArray[np.bool_] = ~outside[1:-1, 1:-1]
    return filled


def turns(x: float, y: float, corners: list[tuple[float, float]]) -> int:
    """How often a polygon goes round a point: its edges that cross the ray to the left, by their direction."""
    number = 0
    for (one_x, one_y), (other_x, other_y) in zip(corners, corners[1:] + corners[:1], strict=True):
        crosses = min(one_y, other_y) <= y < max(one_y, other_y)
        if crosses and one_x + (y - one_y) * (other_x - one_x) / (other_y - one_y) <= x:
            number += 1 if other_y > one_y else -1
    return number


def touches_a_middle(corners: list[tuple[float, float]]) -> bool:
    """Whether an edge goes through the middle of a pixel, or so near it that rounding decides on which side that is."""
    for (one_x, one_y), (other_x, other_y) in zip(corners, corners[1:] + corners[:1], strict=True):
        for row in range(ROWS):
            if min(one_y, other_y) <= row + 0.5 < max(one_y, other_y):
                x = one_x + (row + 0.5 - one_y) * (other_x - one_x) / (other_y - one_y)
                if abs(x % 1 - 0.5) < 1e-9:
                    return True
    return False


WHOLE_BOXES = st.tuples(st.integers(0, 13), st.integers(0, 10), st.integers(1, 14), st.integers(1, 11))
PLACES = st.floats(-6, 20, allow_nan=False).map(lambda number: round(number, 2))
SIDES = st.floats(0.01, 20).map(lambda number: round(number, 2))


@settings(max_examples=300, deadline=None)
@given(WHOLE_BOXES)
def test_a_box_of_whole_numbers_is_exactly_its_pixels(box: tuple[int, int, int, int]) -> None:
    x, y, width, height = box
    repairs: list[str] = []
    mask = drawn({"x": x, "y": y, "width": width, "height": height}, repairs)
    wanted = np.zeros((ROWS, COLUMNS), np.bool_)
    wanted[y : y + height, x : x + width] = True
    assert np.array_equal(mask, wanted)
    outside = max(x + width - COLUMNS, y + height - ROWS, 0)
    assert repairs == ([f"leaves the image by up to {outside} px: it was clipped"] if outside else [])
    if not outside:
        assert mask.sum() == width * height


@settings(max_examples=300, deadline=None)
@given(PLACES, PLACES, SIDES, SIDES)
def test_a_box_has_the_pixels_whose_middle_lies_in_it(x: float, y: float, width: float, height: float) -> None:
    wanted = of_rule(lambda at_x, at_y: x <= at_x < x + width and y <= at_y < y + height)
    same = drawn_or_none({"x": x, "y": y, "width": width, "height": height})
    if same is None:
        assert not wanted.any()
    elif wanted.any():
        assert np.array_equal(same, wanted)
    else:
        assert same.any(axis=0).sum() == 1 or same.any(axis=1).sum() == 1  # thinner than a pixel


def drawn_or_none(said: dict[str, Any]) -> NDArray[np.bool_] | None:
    try:
        return drawn(said)
    except BadInput as error:
        assert "outside the image" in str(error)
        return None


@settings(max_examples=300, deadline=None)
@given(PLACES, PLACES, SIDES)
def test_a_circle_has_the_pixels_whose_middle_lies_in_it(cx: float, cy: float, radius: float) -> None:
    wanted = of_rule(lambda x, y: (x - cx) ** 2 + (y - cy) ** 2 < radius**2)
    same = drawn_or_none({"cx": cx, "cy": cy, "radius": radius})
    if same is None:
        assert not wanted.any()
    elif wanted.any():
        assert np.array_equal(same, wanted)
    else:
        assert same.sum() == 1 and same[math.floor(cy), math.floor(cx)]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(PLACES, PLACES), min_size=3, max_size=9))
def test_a_polygon_has_the_pixels_that_it_goes_round(corners: list[tuple[float, float]]) -> None:
    """However often: lines drawn by hand cross themselves. What the pixels enclose is taken with them."""
    assume(not touches_a_middle(corners))
    wanted = without_holes(of_rule(lambda x, y: turns(x, y, corners) != 0))
    same = drawn_or_none({"polygon": " ".join(f"{x} {y}" for x, y in corners)})
    if same is None:
        assert not wanted.any()
    elif wanted.any():
        assert np.array_equal(same, wanted)
    else:
        assert same.sum() == 1


def test_a_polygon_of_a_box_is_the_box() -> None:
    box = drawn({"x": 2, "y": 3, "width": 5, "height": 4})
    assert np.array_equal(box, drawn({"polygon": "2 3 7 3 7 7 2 7"}))
    assert np.array_equal(box, drawn({"polygon": "2,3 7,3 7,7 2,7"}))
    two = drawn({"polygon": "2 3 7 3 7 7 2 7|9 0 11 0 11 2 9 2"})
    assert two.sum() == box.sum() + 4 and (two & ~box)[:2, 9:11].all()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_rings_hold_a_mask_and_what_it_encloses(data: st.DataObject) -> None:
    bits = data.draw(st.lists(st.booleans(), min_size=ROWS * COLUMNS, max_size=ROWS * COLUMNS))
    mask = np.array(bits).reshape(ROWS, COLUMNS)
    rings = rings_of(mask)
    assert np.array_equal(filled_outline(rings, COLUMNS, ROWS, 0, 0), without_holes(mask))


def packed(runs: list[int]) -> str:
    """COCO's text of runs, as its own program writes it."""
    text = ""
    for place, run in enumerate(runs):
        number, more = run - (runs[place - 2] if place > 2 else 0), True
        while more:
            bits, number = number & 31, number >> 5
            more = number != (-1 if bits & 16 else 0)
            text += chr((bits | (32 if more else 0)) + 48)
    return text


@settings(max_examples=200, deadline=None)
@given(st.lists(st.booleans(), min_size=ROWS * COLUMNS, max_size=ROWS * COLUMNS))
def test_run_lengths_give_back_a_mask(bits: list[bool]) -> None:
    mask = np.array(bits).reshape(ROWS, COLUMNS)
    runs, inside = [0], False
    for bit in mask.T.ravel().tolist():
        if bit != inside:
            runs.append(0)
            inside = bit
        runs[-1] += 1
    for counts in (runs, packed(runs)):
        assert np.array_equal(mask_of_runs({"size": [ROWS, COLUMNS], "counts": counts}, SIZE), mask)
        if mask.any():
            rings = rings_said({"runs": json.dumps({"size": [ROWS, COLUMNS], "counts": counts})}, SIZE, no_mask, [])
            assert np.array_equal(filled_outline(rings, COLUMNS, ROWS, 0, 0), without_holes(mask))


def test_the_text_of_cocos_own_program_is_read() -> None:
    """The runs of its documentation, and what pycocotools writes for them."""
    runs, text = [6, 1, 40, 4, 5, 4, 5, 4, 21], "61X13mN000`0"
    assert packed(runs) == text
    masks = [mask_of_runs({"size": [9, 10], "counts": counts}, (10, 9)) for counts in (runs, text)]
    assert np.array_equal(*masks) and masks[0].sum() == 1 + 4 + 4 + 4
    assert masks[0][6, 0] and masks[0][2:6, 5].all()


BOX = {"x": "1", "y": "2", "width": "3", "height": "4"}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (BOX | {"cx": "1", "cy": "1", "radius": "2"}, "It has a box and a circle: keep one."),
        (BOX | {"mask": "a.png"}, "It has a box and a mask: keep one."),
        (BOX | {"value": "1"}, "It has a value, but no mask."),
        ({"value": "1"}, "It has a value, but no mask."),
        ({"x": "1", "y": "2", "width": "3"}, "A box needs x, y, width, height: there is no height."),
        ({"cx": "1", "radius": "3"}, "A circle needs cx, cy, radius: there is no cy."),
        (BOX | {"x": "NaN"}, "Its x is 'NaN', which is not a number."),
        (BOX | {"x": "inf"}, "Its x is 'inf', which is not a number."),
        (BOX | {"x": "1e300"}, "no image is that large"),
        (BOX | {"width": "-3"}, "Its width is -3: it must be more than 0."),
        (BOX | {"height": "0"}, "Its height is 0: it must be more than 0."),
        ({"cx": "1", "cy": "1", "radius": "-1"}, "Its radius is -1: it must be more than 0."),
        ({"polygon": "1 2 3 4 5"}, "A polygon has 5 numbers: it needs an x and a y for each corner."),
        ({"polygon": "1 2 3 4"}, "A polygon has 2 corners: it needs 3 to 10000."),
        ({"polygon": "1 2 3 4 5 x"}, "Its corner is 'x', which is not a number."),
        ({"polygon": "1 2 3 4 5 nan"}, "Its corner is 'nan', which is not a number."),
        ({"polygon": "0 0 1 1 " * 10_001}, "A polygon has 20002 corners"),
        (BOX | {"x": "14"}, "It lies outside the image of 14 x 11 px."),
        (BOX | {"x": "-3"}, "It lies outside the image of 14 x 11 px."),
        ({"cx": "-3", "cy": "-3", "radius": "4"}, "It lies outside the image."),
        ({"runs": '{"size": [11, 14], "counts": [100]}'}, "add up to 100, not to the 154 px"),
        ({"runs": '{"size": [14, 11], "counts": [154]}'}, "not of an image of 14 x 11 px"),
        ({"runs": '{"size": [11, 14], "counts": [154]}'}, "Its run lengths are empty."),
        ({"runs": '{"size": [11, 14], "counts": [-1, 155]}'}, "not whole numbers"),
        ({"runs": '{"size": [11, 14], "counts": null}'}, "not a list of whole numbers"),
        ({"runs": '{"size": [11, 14], "counts": [1%s]}' % ("0" * 4000)}, "not whole numbers from 0 to 154"),
        ({"runs": '{"size": [11, 14], "counts": "\\u20ac"}'}, "not COCO's text"),
        ({"runs": '{"size": [11, 14], "counts": "P"}'}, "cut off"),
        ({"runs": "[]"}, "not of an image"),
    ],
)
def test_what_is_not_a_shape_is_refused(said: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadInput) as raised:
        rings_said(said, SIZE, no_mask, [])
    assert sentence in str(raised.value)


@pytest.mark.parametrize(("value", "pixels"), [("", 6), ("2", 4), ("1.0", 2)])
def test_a_mask_has_the_pixels_of_a_value(value: str, pixels: int) -> None:
    values = np.zeros((ROWS, COLUMNS), np.uint16)
    values[2:4, 3:5], values[2:4, 5] = 2, 1
    rings = rings_said({"mask": "m.png"} | ({"value": value} if value else {}), SIZE, lambda _: values, [])
    assert filled_outline(rings, COLUMNS, ROWS, 0, 0).sum() == pixels
    for wrong, sentence in (("7", "Its mask is empty"), ("x", "Its value is 'x', which is not a whole number")):
        with pytest.raises(BadInput, match=sentence):
            rings_said({"mask": "m.png", "value": wrong}, SIZE, lambda _: values, [])


def test_large_shapes_are_looked_at_in_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they hold does not depend on it."""
    shapes: list[dict[str, Any]] = [{"cx": 6.3, "cy": 5.1, "radius": 4.7}, {"polygon": "1.2 0.4 13 3.3 9 10.7 4 2 2 9"}]
    wanted = [drawn(said) for said in shapes]
    monkeypatch.setattr(shape, "WINDOW_PIXELS", 1)
    assert all(np.array_equal(drawn(said), mask) for said, mask in zip(shapes, wanted, strict=True))


def test_nothing_said_is_no_place() -> None:
    assert rings_said({"x": "", "polygon": ""}, SIZE, no_mask, []) == []
