"""Scores of explanations that little or nothing can be said of: each a sentence, and the rest goes on."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from deepminer_ray.run import Run
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
    score(run, foreign, partitions=["all"])
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
