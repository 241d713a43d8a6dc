"""Published data sets go through the stages: official lists split them, and whole images need no places."""

from pathlib import Path
from typing import Any

import pytest

from deepminer_ray.database.run import Run
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from tests.sources import test_rsna as rsna
from tests.sources import test_vindr as vindr

SIZE = "48x64"


def asked(run: Run, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in run.ask(statement).to_pylist()]


def test_vindr_keeps_its_official_split_and_its_unplaced_images_have_no_patch_with_a_class(
    ray: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        vindr.row("a", 5, "['Mass'],BI-RADS 5,20.0,40.0,60.0,80.0"),
        vindr.row("b", 5, vindr.NOTHING, view="MLO"),
        vindr.row("c", 1, vindr.NOTHING, study="s2", split="test"),
    ]
    source = vindr.write(tmp_path / "source", *rows, images="s1/a s1/b s2/c")
    run = Run.created(tmp_path / "run")
    catalog(run, source=str(source))
    partition(run, lists=str(source))
    cut(run, side=32)
    assert asked(run, "select patient, partition from partition order by patient") == [("s1", "train"), ("s2", "test")]
    labels = "select distinct scan, class from label join patch using (patch) order by all"
    assert asked(run, labels) == [("a", "malignant"), ("a", "normal"), ("c", "normal")]
    assert asked(run, "select scan, class from scan_class order by scan") == [
        ("a", "malignant"),
        ("b", "malignant"),
        ("c", "normal"),
    ]
    told = capsys.readouterr().err
    assert "from 4 on a finding is malignant" in told and "1 mammograms have a finding whose place is not known" in told
    assert not run.audit()


def test_rsna_is_cut_whole_with_the_classes_of_its_breasts(ray: object, tmp_path: Path) -> None:
    rows = [rsna.row("1", "1", "1"), rsna.row("2", "0", "1", patient="11"), rsna.row("3", patient="12")]
    source = rsna.write(tmp_path / "source", *rows, images="10/1 11/2 12/3")
    run = Run.created(tmp_path / "run")
    catalog(run, source=str(source))
    partition(run)
    cut(run, whole=SIZE)
    labels = "select scan, class from label join patch using (patch) order by scan"
    assert asked(run, labels) == [("1", "malignant"), ("2", "benign"), ("3", "normal")]
    assert not run.audit()
