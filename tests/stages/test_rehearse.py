"""A rehearsal: what is refused, what its table says, and a whole one on a few images."""

from pathlib import Path

import pytest

from deepminer_ray.cli import main
from deepminer_ray.domain_file import read_domain
from deepminer_ray.errors import BadInput
from deepminer_ray.stages.rehearse import RehearsedTerm, refuse_few_images

CELLS = """
name = "cells"
classes = ["background", "platelets", "white_cell"]
rest = "background"
[terms]
cell = ["platelet", "white blood cell"]
texture = ["smooth", "granular"]
[image]
channels = 3
"""


@pytest.mark.parametrize(("columns", "least"), [("", 30), ('[columns]\npatient = "animal"\n', 60)])
def test_too_few_images_are_refused(columns: str, least: int) -> None:
    domain = read_domain(CELLS + columns, "cells.toml")
    refuse_few_images(domain, least)
    with pytest.raises(BadInput, match=f"{least - 1} images are too few to rehearse 3 classes: use at least {least}"):
        refuse_few_images(domain, least - 1)


@pytest.mark.parametrize(("low", "recovered"), [(None, False), (0.5, False), (0.501, True)])
def test_a_term_is_recovered_if_its_interval_is_above_chance(low: float | None, recovered: bool) -> None:
    assert RehearsedTerm("cell", "platelet", 9, 9, False, 20, 0.8, low, 0.9).recovered is recovered


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rehearse", "FILE", "--images", "3"], "too few to rehearse"),
        (["rehearse", "FILE", "--images", "30", "--keep", "FULL"], "not an empty directory"),
        (["rehearse", "nowhere.toml"], "cannot be read"),
        (["phantom", "DIR", "--images", "3"], "add --domain FILE"),
        (["phantom", "DIR", "--domain", "FILE", "--patients", "3"], "say how many --images"),
        (["phantom", "FULL", "--domain", "nowhere.toml"], "cannot be read"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    (tmp_path / "cells.toml").write_text(CELLS)
    places = {"FILE": tmp_path / "cells.toml", "FULL": tmp_path / "full", "DIR": tmp_path / "dir"}
    with pytest.raises(SystemExit) as ended:
        main([str(places.get(word, word)) for word in arguments])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and sentence in " ".join(said.split()) and "Traceback" not in said


@pytest.mark.slow
def test_a_rehearsal_recovers_terms_and_says_so(
    ray: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cells.toml").write_text(CELLS)
    keep = tmp_path / "kept"
    with pytest.raises(SystemExit) as ended:
        main(["rehearse", str(tmp_path / "cells.toml"), "--images", "90", "--keep", str(keep)])
    assert not ended.value.code
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["attribute", "term", "images", "patients"]
    rows = lines[1 : lines.index("")]
    assert [row.split("  ")[0] for row in rows] == ["cell", "cell", "texture", "texture"]
    assert any("terms are recovered" in line for line in lines) and "made up" in lines[-1]
    areas = [line for line in lines if line.startswith(("background", "platelets", "white_cell"))]
    assert len(areas) == 3
    assert {file.name for file in keep.iterdir()} == {"source", "run"}
