"""`plan` predicts what really comes of a source."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from deepminer_ray.cli import main
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.options import PlanOptions
from deepminer_ray.patches.whole import read_size
from deepminer_ray.phantom.domain_source import write_domain_phantom
from deepminer_ray.planning.counts import Shares
from deepminer_ray.sources.kinds import kind_of_source
from deepminer_ray.stages.catalog import catalog
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.plan import counted, cut_sample, plan, read_headers
from deepminer_ray.stages.plan_worker import PlannedCut, ProbeSample, pixels_of, scan_of
from tests.domains import MAMMOGRAPHY

SIDE = 64
BEADS = """name = "beads"
classes = ["string", "glass", "pearl"]
rest = "string"

[terms]
bead = ["glass", "pearl", "knot"]

[image]
channels = 3
region = "all"
patches_across = 3
places_per_patch = 1

[labels]
cover = 0.1
within = 0.6
"""
SHARES = Shares(train=0.5, test=0.5, validation=0.0)


@pytest.fixture(scope="module")
def run(ray: object, cut_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = Run(shutil.copytree(cut_run.folder, tmp_path_factory.mktemp("planned") / "run"))
    partition(made, train=SHARES.train, test=SHARES.test, validation=SHARES.validation, again=True)
    cut(made, side=SIDE)  # labels go with the partition
    return made


def written(run: Run, name: str) -> int:
    return sum(file.stat().st_size for file in (run.folder / name).glob("*.parquet"))


def many(run: Run, condition: str = "true") -> int:
    joined = "select count(*) as n from patch join scan using (scan) join partition using (patient) "
    return int(run.ask(f"{joined} join label using (patch) where {condition}").to_pylist()[0]["n"])


def test_a_sample_of_all_scans_gives_exactly_what_is_cut(ray: Any, run: Run, phantoms: Path) -> None:
    kind = kind_of_source(phantoms)
    asked = PlanOptions(str(phantoms), side=SIDE, films=100, **asdict(SHARES))
    items = kind.items(phantoms, MAMMOGRAPHY, [])
    how = PlannedCut(SIDE, MAMMOGRAPHY)
    headers = read_headers(ray, kind, phantoms, items, how)
    sample = cut_sample(ray, headers, asked, how)
    found = counted(headers, sample, len(items), asked, MAMMOGRAPHY.classes)
    assert found.patches == (many(run),) * 3
    assert found.trained.value == many(run, "partition = 'train'")
    assert sum(one.patch_bytes for one in sample.cuts) == pytest.approx(written(run, "patch"), rel=0.001)
    findings = sum(scan.findings for scan in headers.planned)
    assert findings == pytest.approx(many(run, "class <> 'normal'"), rel=0.25)


def test_a_few_scans_predict_all_of_them(
    ray: object, run: Run, phantoms: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    how = ["--side", str(SIDE), "--network", "squeezenet1_1", "--films", "4", "--seconds", "0", "--json"]
    main_ended(["plan", str(phantoms), *how])
    found = json.loads(capsys.readouterr().out)
    lines = {line["name"]: line for line in found["counts"] + found["artefacts"] + found["stages"]}
    assert lines["images"]["value"] == 12
    real = {"patches": many(run), "RUN/scan": written(run, "scan"), "RUN/patch": written(run, "patch")}
    for name, value in real.items():
        assert lines[name]["value"] == pytest.approx(value, rel=0.25)
        assert lines[name]["low"] < lines[name]["value"] < lines[name]["high"]
    assert all(lines[stage]["value"] > 0 for stage in ("catalog", "cut", "train", "probe", "rank", "explain"))
    assert lines["train"]["memory"] > lines["cut"]["memory"] > 50_000_000
    assert found["rests_on"] | {"films_cut": 4, "network_measured": True} == found["rests_on"]


@pytest.mark.slow
def test_gpus_that_are_not_there_are_estimated_however_many(
    ray: object, phantoms: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    how = ["--side", str(SIDE), "--network", "squeezenet1_1", "--films", "1", "--seconds", "0", "--json", "--gpus", "8"]
    main_ended(["plan", str(phantoms), *how])
    found = json.loads(capsys.readouterr().out)
    assert found["rests_on"]["network_measured"] is False


def main_ended(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0


def test_scans_that_cannot_be_read_are_said_in_one_sentence(ray: object, phantoms: Path, tmp_path: Path) -> None:
    source = tmp_path / "films"
    shutil.copytree(phantoms, source)
    for file in source.rglob("*.LJPEG"):
        file.write_bytes(file.read_bytes()[:400])
    with pytest.raises(BadInput, match="None of 4 sampled images could be cut"):
        plan(PlanOptions(str(source), side=SIDE, films=4))


@pytest.mark.parametrize("whole", [None, "96x64"])
def test_a_plan_of_another_domain_is_what_is_cut(ray: Any, beads: Path, tmp_path: Path, whole: str | None) -> None:
    """In colour, of all of an image, with a grid and labels of its own; or each image whole."""
    made = Run.created(tmp_path / "run")
    catalog(made, str(beads))
    partition(made, train=SHARES.train, test=SHARES.test, validation=SHARES.validation)
    cut(made, side=32, whole=whole)
    asked = PlanOptions(str(beads), side=32, whole=whole, films=100, **asdict(SHARES))
    kind, how = kind_of_source(beads), PlannedCut(32 if whole is None else 64, made.domain, whole and read_size(whole))
    items = kind.items(beads, made.domain, [])
    headers = read_headers(ray, kind, beads, items, how)
    sample = cut_sample(ray, headers, asked, how)
    found = counted(headers, sample, len(items), asked, made.domain.classes)
    assert found.patches == (many(made),) * 3
    assert found.trained.value == many(made, "partition = 'train'")
    assert sum(one.patch_bytes for one in sample.cuts) == pytest.approx(written(made, "patch"), rel=0.001)
    assert sum(one.scan_bytes for one in sample.cuts) == pytest.approx(written(made, "scan"), rel=0.001)
    findings = sum(scan.findings for scan in headers.planned)
    assert findings == many(made, "class <> 'string'") > 0
    stored, patches = pixels_of(headers.scans[headers.planned[0].scan], how.how)
    sampled = ProbeSample({"name": "squeezenet1_1", "classes": made.domain.classes.names}, how, False)
    try:
        scan = headers.scans[headers.planned[0].scan]
        assert sampled.answers(patches, stored, scan["scan"], 0.0)["scan"] > 0
        assert sampled.explained(patches, stored, scan, 0.0)["figure"] > 0
    finally:
        sampled.close()


@pytest.fixture(scope="module")
def beads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images in colour of a domain of its own."""
    folder = tmp_path_factory.mktemp("beads")
    (folder / "own.toml").write_text(BEADS)
    write_domain_phantom(folder / "source", folder / "own.toml", images=10)
    return folder / "source"


def test_too_few_patches_for_a_batch_are_refused(ray: object, phantoms: Path) -> None:
    with pytest.raises(BadInput, match="too few for a batch of 5000"):
        plan(PlanOptions(str(phantoms), side=SIDE, films=2, batch=5000))


def test_a_plan_labels_places_as_cut_does() -> None:
    """A finding of the rest class is none; one of unknown place leaves the whole film without labels."""
    ring = [{"x": x, "y": y} for x, y in ((0, 0), (63, 0), (63, 63), (0, 63))]
    drawn = {"x": 0, "y": 0, "width": 64, "height": 64, "outline": [ring]}
    nowhere = {"x": None, "y": None, "width": None, "height": None, "outline": []}
    scan = {"scan": "a", "patient": "P", "rows": 256, "columns": 256}

    def planned(*lesions: tuple[str, dict[str, Any]]) -> tuple[str, int, int]:
        rows = [{"lesion": str(number), "pathology": name} | where for number, (name, where) in enumerate(lesions)]
        made = scan_of(scan, rows, PlannedCut(SIDE, MAMMOGRAPHY))
        return made.pathology, made.findings, made.unproven

    places = scan_of(scan, [], PlannedCut(SIDE, MAMMOGRAPHY)).places
    assert planned() == planned(("normal", drawn)) == planned(("normal", nowhere)) == ("normal", 0, 0)
    assert planned(("benign", drawn), ("normal", nowhere)) == planned(("benign", drawn))
    assert planned(("benign", drawn))[1] > 0
    assert planned(("benign", nowhere)) == ("benign", 0, places)
    assert planned(("benign", drawn), ("malignant", nowhere)) == ("malignant", 0, places)
