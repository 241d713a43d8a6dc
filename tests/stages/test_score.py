"""Scores of explanations that little or nothing can be said of: each a sentence, and the rest goes on."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.stages.annotate import annotate
from deepminer_ray.stages.explain import explain
from deepminer_ray.stages.score import score


@pytest.fixture
def foreign(tmp_path: Path) -> str:
    """Vectors of words that no explanation and no report has."""
    vectors = KeyedVectors(4)
    vectors.add_vectors(["lorem", "ipsum"], np.ones((2, 4), dtype=np.float32))
    vectors.save_word2vec_format(str(tmp_path / "foreign.txt"))
    return str(tmp_path / "foreign.txt")


def test_vectors_that_lack_every_word_leave_the_other_scores(
    explained: Run, foreign: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(shutil.copytree(explained.folder, tmp_path / "run"))
    score(run, vectors=foreign, partitions=["all"])
    said = capsys.readouterr().err
    assert "greedy matching, top 8, fixed: no scan can be scored; 100% of the words have no vector" in said
    rows = run.ask("from score").to_pylist()
    assert {row["n"] for row in rows if row["metric"] == "greedy matching" and row["mode"] == "fixed"} == {0}
    assert all(row["n"] for row in rows if row["metric"] in ("deletion", "insertion", "pointing game"))


def test_without_any_name_a_scan_is_drawn_and_that_is_said(
    ranked: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(shutil.copytree(ranked.folder, tmp_path / "run"))
    scan = run.ask("select min(scan) as scan from decision").column(0)[0].as_py()
    explain(run, scan=scan)
    said = capsys.readouterr().err
    assert "No unit has a name yet" in said and f"{scan}.png" in said
    assert (run.folder / "figures" / f"{scan}.png").is_file()


def test_names_by_contrast_say_what_they_cannot_tell(
    ranked: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three patients, all of whom ranked the units: no keyword has enough patients, and nobody is unseen."""
    run = Run(shutil.copytree(ranked.folder, tmp_path / "run"))
    for wrong, sentence in (
        ({"naming": "best"}, "There is no naming 'best'"),
        ({"partitions": ["test"]}, "leave --part"),
    ):
        with pytest.raises(BadInput, match=sentence):
            annotate(run, from_lesions=True, **wrong)
    annotate(run, from_lesions=True)
    said = capsys.readouterr().err
    assert "left out, as fewer than 3 patients show them" in said and "(1)" in said
    assert "no unit has a name" in said and "0 of" in said
    units = {row["unit"] for row in run.rows("ranked_unit")}
    given = run.ask("from annotation").to_pylist()
    assert {row["unit"] for row in given} == units and not any(row["recognizable"] for row in given)
    against = run.ask("select distinct against from contrast").column(0).to_pylist()
    assert set(against) <= {"normal"} and run.ask("from unseen").num_rows == 0
