"""Made-up images of any domain: terms look different, places are known, and a seed always gives the same."""

import csv
import hashlib
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import mammography, read_domain
from deepminer_ray.errors import BadInput
from deepminer_ray.phantom.domain_plan import PlannedImage, PlantedFinding, nouns_by_class, planned_images, said_with
from deepminer_ray.phantom.domain_scene import draw_scene, ground, look_of
from deepminer_ray.phantom.domain_source import domain_sentences, write_domain_phantom
from deepminer_ray.phantom.outline import outlines_of
from deepminer_ray.phantom.plan import random_numbers
from deepminer_ray.phantom.trait import BRIGHTNESSES, FAMILIES_OF_TRAITS, OUTLINES, traits_of

Grid = list[list[bool]]

FOUR = """
name = "cells"
classes = ["background", "platelets", "white_cell"]
rest = "background"
[terms]
stain = ["pink", "blue", "grey", "violet"]
texture = ["smooth", "granular", "striped"]
"cell border" = ["sharp", "blurred", "ragged"]
cell = ["platelet", "white blood cell", "red blood cell"]
[image]
region = "all"
channels = 1
"""
TWO = 'name = "two"\nclasses = ["no", "yes"]\nrest = "no"\n'
TWELVE = "\n".join(
    (
        'name = "twelve"',
        f"classes = {json.dumps(['rest', *(f'class_{number}' for number in range(1, 12))])}",
        'rest = "rest"',
        "[terms]",
        f"kind = {json.dumps([f'kind {letter}' for letter in 'abcdefghijkl'])}",
    )
)


def domain_of(text: str, **replaced: str) -> Domain:
    for old, new in replaced.items():
        text = text.replace(f"{old} = ", f"{old} = {new} #")
    return read_domain(text, "domain.toml")


def written(tmp_path: Path, text: str, images: int, seed: int = 0, name: str = "source") -> Path:
    file = tmp_path / "file.toml"
    file.write_text(text, encoding="utf-8")
    write_domain_phantom(tmp_path / name, file, images, seed)
    return tmp_path / name


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def naive_inside(x: float, y: float, ring: list[tuple[float, float]]) -> bool:
    """How often a ray to the right crosses the ring: odd inside."""
    inside = False
    for (left, top), (right, bottom) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (top > y) != (bottom > y) and x < left + (y - top) * (right - left) / (bottom - top):
            inside = not inside
    return inside


def drawn_alone(domain: Domain, planted: PlantedFinding, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list]:
    """An image with one finding, the same without, and its polygons."""
    traits = traits_of(domain)
    image = PlannedImage(0, None, "left", "first", 240, 320, planted.class_name, (planted,))
    scene = draw_scene(domain, image, traits, seed)
    empty = ground(scene.region, domain.looked.channels, random_numbers(seed, 20, 0, 1))
    return scene.pixels, empty, list(scene.findings[0].polygons)


@pytest.mark.parametrize("channels", ["1", "3"])
def test_all_terms_of_four_attributes_look_different(channels: str) -> None:
    domain = domain_of(FOUR, channels=channels)
    usual = {name: terms[0] for name, terms in said_with(domain, "platelet").items()} | {"cell": "platelet"}
    traits = traits_of(domain)
    assert len({of_term.family for of in traits.values() for of_term in of.values()}) == 4
    for attribute, of in traits.items():
        drawn = {term: drawn_alone(domain, PlantedFinding("platelets", usual | {attribute: term}))[0] for term in of}
        empty = drawn_alone(domain, PlantedFinding("platelets", usual))[1]
        for one, other in itertools.combinations(drawn, 2):
            differs = np.abs(drawn[one] - drawn[other]).reshape(240, 320, -1).max(-1) > 0.1
            shown = np.abs(drawn[one] - empty).reshape(240, 320, -1).max(-1) > 0.1
            assert differs.sum() > 0.05 * shown.sum(), (attribute, one, other)


@pytest.mark.parametrize("family", FAMILIES_OF_TRAITS, ids=lambda family: family.name)
def test_a_family_has_no_trait_twice(family: object) -> None:
    traits = [family.trait(place) for place in range(family.number)]  # type: ignore[attr-defined]
    assert len({words for words, _ in traits}) == len({str(changes) for _, changes in traits}) == len(traits)


def test_outlines_lie_in_the_unit_circle_and_differ() -> None:
    y, x = np.mgrid[-1:1:33j, -1:1:33j]
    areas: dict[str, Grid] = {}
    for kind, name in enumerate(OUTLINES):
        (points,) = outlines_of(kind)
        assert np.hypot(*points.T).max() <= 1.001, name
        ring = [(float(a), float(b)) for a, b in points]
        areas[name] = [[naive_inside(a, b, ring) for a, b in zip(*of, strict=True)] for of in zip(x, y, strict=True)]
        assert np.hypot(*np.concatenate(outlines_of(kind, 3)).T).max() <= 1.001, name
    for one, other in itertools.combinations(areas, 2):
        shared = np.logical_and(areas[one], areas[other]).sum() / np.logical_or(areas[one], areas[other]).sum()
        assert shared < 0.88, (one, other)


@pytest.mark.parametrize("place", range(0, 60, 3))
def test_polygons_cover_what_was_drawn(place: int) -> None:
    domain = domain_of(
        'name = "shapes"\nclasses = ["no", "yes"]\nrest = "no"\n[terms]\n'
        f"shape = {json.dumps([f't{number}' for number in range(61)])}\n"
    )
    with_finding, without, polygons = drawn_alone(domain, PlantedFinding("yes", {"shape": f"t{place}"}), place)
    drawn = with_finding > (without + BRIGHTNESSES[0]) / 2
    rings = [[(float(x), float(y)) for x, y in ring] for ring in polygons]
    low, high = np.concatenate(polygons).min(0), np.concatenate(polygons).max(0)
    said = np.zeros(drawn.shape, bool)
    for row in range(int(low[1]), int(high[1]) + 1):
        for column in range(int(low[0]), int(high[0]) + 1):
            said[row, column] = any(naive_inside(column + 0.5, row + 0.5, ring) for ring in rings)
    limit = 0.9 if place < len(OUTLINES) else 0.85  # a row of small ones has more edge for its area
    assert (drawn & said).sum() / (drawn | said).sum() > limit, OUTLINES[place % len(OUTLINES)]


def digests(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_a_seed_gives_the_same_bytes_and_another_other_images(tmp_path: Path) -> None:
    one = digests(written(tmp_path, FOUR, 6))
    assert one == digests(written(tmp_path, FOUR, 6, name="again"))
    more = digests(written(tmp_path, FOUR, 9, name="more"))
    other = digests(written(tmp_path, FOUR, 6, seed=1, name="other"))
    images = [name for name in one if name.startswith("images/")]
    assert len(images) == 6 and all(one[name] == more[name] != other[name] for name in images)
    assert one["domain.toml"] == other["domain.toml"]
    truth = json.loads((tmp_path / "source" / "truth.json").read_text())
    assert truth["traits"] == json.loads((tmp_path / "other" / "truth.json").read_text())["traits"]


def test_twelve_classes_have_outlines_and_images_of_their_own(tmp_path: Path) -> None:
    source = written(tmp_path, TWELVE, 24)
    lesions = table(source / "lesions.csv")
    nouns = nouns_by_class(domain_of(TWELVE))
    assert nouns["class_1"] == ("kind a",) and nouns["class_11"] == ("kind k",) and nouns["rest"] == ("kind l",)
    assert {row["class"] for row in lesions} >= {f"class_{number}" for number in range(1, 12)}
    assert all(row["kind"] in nouns[row["class"]] for row in lesions)
    worst = {image.name: image.class_name for image in planned_images(domain_of(TWELVE), 24, 0)}
    for image, name in worst.items():
        classes = {row["class"] for row in lesions if Path(row["image"]).stem == image} - {"rest"}
        assert max([int(of[6:]) for of in classes], default=0) == (0 if name == "rest" else int(name[6:]))


def test_two_classes_without_terms_are_told_by_a_trait_of_the_class(tmp_path: Path) -> None:
    source = written(tmp_path, TWO, 5)
    assert json.loads((source / "truth.json").read_text())["traits"] == {"class": {"yes": "disc"}}
    assert [row["class"] for row in table(source / "lesions.csv")].count("yes") >= 2
    assert list(table(source / "manifest.csv")[0]) == ["image"]
    domain = domain_of(TWO.replace('"yes"]', '"yes", "surely"]') + '[terms]\nkind = ["only"]\n')
    assert nouns_by_class(domain) == {"no": (), "yes": ("only",), "surely": ("only",)}
    traits = traits_of(domain)
    looks = {look_of(PlantedFinding(name, {"kind": "only"}), traits) for name in ("yes", "surely")}
    assert len(looks) == 2


@pytest.mark.parametrize("region", ["all", "foreground", "mask", "breast"])
@pytest.mark.parametrize("channels", ["1", "3"])
def test_images_are_as_the_domain_says(tmp_path: Path, channels: str, region: str) -> None:
    text = FOUR.replace("channels = 1", f"channels = {channels}").replace('"all"', f'"{region}"')
    if (channels, region) == ("3", "breast"):
        with pytest.raises(BadInput, match="told from air"):
            written(tmp_path, text, 3)
        return
    source = written(tmp_path, text, 12)
    rows = table(source / "manifest.csv")
    sizes = set()
    for row in rows:
        image = Image.open(source / row["image"])
        sizes.add(image.size)
        assert image.mode == ("RGB" if channels == "3" else "I;16")
        if channels == "1":
            assert np.asarray(image).max() > 16383, "else white were guessed darker"
        if region == "mask":
            mask = np.asarray(Image.open(source / row["region"]))
            assert mask.shape == image.size[::-1] and 0.5 < (mask > 0).mean() < 0.99
    assert {width for width, _ in sizes} == {320} and len(sizes) == 3
    assert ("region" in rows[0]) == (region == "mask")


def test_patients_have_two_images_sides_and_views_only_where_the_domain_names_them(tmp_path: Path) -> None:
    columns = '[columns]\npatient = "animal"\nside = "eye"\nview = "field"\n'
    rows = table(written(tmp_path, FOUR + columns, 8) / "manifest.csv")
    assert list(rows[0]) == ["image", "animal", "eye", "field"]
    assert [row["animal"] for row in rows] == [f"P{number // 2:05d}" for number in range(8)]
    assert {row["eye"] for row in rows} == {"left", "right"} and {row["field"] for row in rows} == {"first", "second"}
    images = planned_images(domain_of(FOUR), 8, 0)
    assert all(image.patient is None for image in images)


def test_every_term_of_a_domain_comes_up_and_rest_has_concepts_without_a_class() -> None:
    domain = domain_of(FOUR)
    planted = [finding for image in planned_images(domain, 60, 3) for finding in image.findings]
    for attribute, of in traits_of(domain).items():
        assert {finding.terms[attribute] for finding in planted} == set(of)
    assert {finding.terms["cell"] for finding in planted if finding.class_name == "background"} == {"red blood cell"}


def test_terms_of_other_categories_are_not_said_of_a_finding() -> None:
    domain = mammography()
    assert set(said_with(domain, "mass")) == {"shape", "margins"}
    assert set(said_with(domain, "calcification")) == {"calcification type", "distribution"}


def test_the_corpus_has_the_words_of_the_domain() -> None:
    text = domain_sentences(domain_of(FOUR), 0)
    assert text == domain_sentences(domain_of(FOUR), 0) != domain_sentences(domain_of(FOUR), 1)
    joined = "\n".join(text)
    for word in ("pink", "white blood cell", "ragged", "platelets", "white cell", "background", "striped"):
        assert joined.count(word) > 50, word
    assert "{" not in joined and joined == joined.lower()


@pytest.mark.parametrize(
    ("text", "images", "sentence"),
    [
        (FOUR, 0, "at least 1"),
        ((Path(__file__).parents[2] / "deepminer_ray/domains/mammography.toml").read_text(), 5, "leave --domain out"),
        (
            TWO + "[terms]\n" + "\n".join(f'a{number} = ["x", "y"]' for number in range(9)),
            5,
            "cannot show the 2 terms of 'a",
        ),
    ],
)
def test_what_cannot_be_made_up_is_refused_in_a_sentence(tmp_path: Path, text: str, images: int, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        written(tmp_path, text, images)


def test_no_other_source_is_written_over(tmp_path: Path) -> None:
    written(tmp_path, TWO, 2)
    with pytest.raises(BadInput, match="another directory"):
        written(tmp_path, TWO, 2)
