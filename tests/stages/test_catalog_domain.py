"""A run takes the domain of its source: its classes, words, findings and keywords, and drops what was of another."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput, FinishedOtherwise
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from tests.domains import MAMMOGRAPHY

BEADS = """name = "beads"
classes = ["string", "glass", "pearl"]
rest = "string"

[image]
region = "all"

[words]
image = "photo"

[terms]
bead = ["round bead", "drop", "knot"]
"""
LESIONS = """image,class,x,y,width,height,bead
a.png,pearl,0,0,64,64,drop
a.png,string,64,0,64,64,knot
b.png,glass,300,200,90,60,round bead; drop
c.png,glass,,,,,
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    luck = np.random.default_rng(0)
    for name in ("a", "b", "c", "d"):
        Image.fromarray(luck.integers(0, 255, (256, 320)).astype(np.uint8)).save(folder / f"{name}.png")
    (folder / "manifest.csv").write_text("image\na.png\nb.png\nc.png\nd.png\n")
    (folder / "lesions.csv").write_text(LESIONS)
    (folder / "domain.toml").write_text(BEADS)
    return folder


def rows(run: Run, text: str) -> list[Any]:
    return [tuple(row.values()) for row in run.ask(text).to_pylist()]


def test_a_source_of_its_own_domain_is_catalogued_and_cut(
    ray: object, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.created(tmp_path / "run")
    catalog(run, str(source))
    said = capsys.readouterr().err
    assert "no column `patient`: each photo counts as a patient of its own" in said
    assert "4 scans, 4 patients, 4 lesions, 0 files rejected, 1 files repaired" in said
    assert "pearl in 1 photos, glass in 2 photos" in said
    assert "1 photos have a finding whose place is not known: their patches get no label." in said
    assert run.domain.name == "beads" and run.domain.text == BEADS
    assert rows(run, "select class from class where known order by place") == [("string",), ("glass",), ("pearl",)]
    assert rows(run, "select term from term order by number") == [("round bead",), ("drop",), ("knot",)]
    assert rows(run, "select lesion, attribute, term from keyword order by all") == [
        ("a#1", "bead", "drop"),
        ("a#2", "bead", "knot"),
        ("b#1", "bead", "drop"),
        ("b#1", "bead", "round bead"),
    ]
    assert rows(run, "select lesion, area, x, len(outline) from lesion order by all") == [
        ("a#1", 4096, 0, 1),
        ("a#2", 4096, 64, 1),
        ("b#1", 20 * 56, 300, 1),
        ("c#1", None, None, 0),
    ]
    partition(run)
    cut(run, side=64)
    labels = dict(rows(run, "select (x, y, scan)::varchar, class from label join patch using (patch)"))
    assert {place[-2:-1] for place in labels} == {"a", "b", "d"}, "no patch of c, which shows glass somewhere"
    assert labels["(0, 0, a)"] == "pearl" and labels["(64, 0, a)"] == "string"
    assert {label for place, label in labels.items() if place.endswith("d)")} == {"string"}
    assert run.audit() == {}


def test_another_domain_is_another_catalog(ray: object, source: Path, tmp_path: Path) -> None:
    run = Run.created(tmp_path / "run")
    other = tmp_path / "other.toml"
    other.write_text(BEADS.replace('"beads"', '"other"').replace('"knot"', '"knot", "loop"'))
    catalog(run, str(source), domain=str(other))
    assert run.domain.name == "other"
    kept = json.loads(rows(run, "select parameters from stage")[0][0])
    assert kept["domain"].startswith("other ") and len(kept["domain"]) == 6 + 16
    catalog(run, str(source), domain=str(other))  # nothing is to be done
    with pytest.raises(FinishedOtherwise, match=r"was finished with \{'domain': 'other .*, not \{'domain': 'beads "):
        catalog(run, str(source))
    partition(run)
    cut(run, side=64)
    catalog(run, str(source), again=True)
    assert run.domain.name == "beads" and rows(run, "from label") == []
    assert rows(run, "select stage from stage") == [("catalog",)]


def test_without_a_file_the_domain_is_that_of_mammograms_again(ray: object, source: Path, tmp_path: Path) -> None:
    run = Run.created(tmp_path / "run")
    catalog(run, str(source))
    (source / "domain.toml").unlink()
    (source / "lesions.csv").unlink()
    (source / "manifest.csv").write_text("image,mask,patient,laterality,view,pathology\na.png,,P,LEFT,CC,normal\n")
    with pytest.raises(FinishedOtherwise, match=r"not \{'domain': None\}"):
        catalog(run, str(source))
    catalog(run, str(source), again=True)
    assert run.domain == MAMMOGRAPHY
    new = Run.created(tmp_path / "new")
    catalog(new, str(source))
    for table in ("class", "term", "domain", "scan", "lesion", "keyword", "region", "repair"):
        assert run.ask(f"from {table}").equals(new.ask(f"from {table}")), table
    given = "select stage, parameters from stage"
    assert rows(run, given) == rows(new, given)
    assert "domain" not in json.loads(rows(run, given)[0][1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("classes = [", 'classes = ["x", '), "the rest, 'string', is the least severe class"),
        (('"glass", ', '"glass", "shell", "bone", '), "shows bone, shell, which beads has as classes: leave out"),
    ],
)
def test_a_class_without_images_is_named(
    ray: object, source: Path, tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    (source / "domain.toml").write_text(BEADS.replace(*change))
    with pytest.raises(BadInput, match=said):
        catalog(Run.created(tmp_path / "run"), str(source))


def test_data_sets_of_mammograms_have_no_other_domain(phantoms: Path, tmp_path: Path) -> None:
    file = tmp_path / "domain.toml"
    file.write_text(BEADS)
    with pytest.raises(BadInput, match="kind ddsm holds mammograms, and the domain is beads"):
        catalog(Run.created(tmp_path / "run"), str(phantoms), domain=str(file))
