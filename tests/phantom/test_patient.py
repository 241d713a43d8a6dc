"""Phantom patients on disk: DDSM's names and formats, the answers beside them, the same bytes for the same seed."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepminer_ray.errors import BadInput
from deepminer_ray.phantom.finding import BENIGN_KINDS, MALIGNANT_KINDS
from deepminer_ray.phantom.patient import outline, write_patient, write_phantom
from deepminer_ray.phantom.plan import planned_patient
from deepminer_ray.sources import ddsm, density, ics, ljpeg, overlay

PATIENTS, SEED, COLUMNS = 6, 3, 144


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("phantom")
    write_phantom(directory, PATIENTS, SEED, COLUMNS)
    return directory


@pytest.fixture(scope="module")
def truth(tree: Path) -> list[dict[str, Any]]:
    return list(json.loads((tree / "truth.json").read_text()))


def bytes_below(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_bytes_however_many_patients(tree: Path, tmp_path: Path) -> None:
    fewer, all_of_them = tmp_path / "fewer", bytes_below(tree)
    write_phantom(fewer, 2, SEED, COLUMNS)
    again = bytes_below(fewer)
    again.pop("truth.json")
    assert len(again) > 10
    assert again == {name: all_of_them[name] for name in again}


def test_another_seed_gives_other_scans(tree: Path, tmp_path: Path) -> None:
    write_patient(tmp_path, 0, SEED + 1, COLUMNS)
    files = {path.read_bytes() for path in tmp_path.rglob("*.LJPEG")}
    assert len(files) == 4
    assert files.isdisjoint({path.read_bytes() for path in tree.rglob("*.LJPEG")})


def test_files_are_named_as_in_ddsm(tree: Path) -> None:
    for number in range(PATIENTS):
        patient = planned_patient(number, SEED)
        letter, case = patient.letter, f"{patient.case:04d}"
        folder = tree / patient.category / patient.volume / f"case{case}"
        assert re.fullmatch(f"{patient.category[:-1]}_\\d\\d", patient.volume)
        names = {path.name for path in folder.iterdir()}
        files = {f"{letter}_{case}_1.{view}.LJPEG" for view in ics.ICS_VIEWS}
        assert {name for name in names if not name.endswith(".OVERLAY")} == files | {f"{letter}-{case}-1.ics"}
        side = patient.laterality
        drawn = {f"{letter}_{case}_1.{side}_{view}.OVERLAY" for view in ("CC", "MLO")} if patient.kinds else set()
        assert {name for name in names if name.endswith(".OVERLAY")} == drawn
    assert len(list(tree.rglob("*.ics"))) == PATIENTS
    assert not list((tree / "normals").rglob("*.OVERLAY"))


def test_scans_decode_to_the_size_the_ics_says(tree: Path) -> None:
    headers = []
    for path in tree.rglob("*.ics"):
        form = ics.parse_ics(path.read_text())
        assert list(form.views) == list(ics.ICS_VIEWS)
        for name, view in form.views.items():
            stream = path.with_name(f"{path.stem.replace('-', '_')}.{name}.LJPEG").read_bytes()
            grey = ljpeg.decode(stream, rows=view.lines, columns=view.pixels_per_line)
            assert grey.shape == (view.lines, view.pixels_per_line)
            assert 0.94 * COLUMNS <= view.pixels_per_line <= 1.06 * COLUMNS
            assert 1.4 < view.lines / view.pixels_per_line < 1.95
            assert (view.bits, view.resolution) == density.DIGITIZERS[form.digitizer]
            assert int(grey.max()) < 1 << view.bits
            headers.append((ljpeg.header(stream), view))
    exchanged = sum(header.rows != view.lines for header, view in headers)
    assert 0.1 < exchanged / len(headers) < 0.6
    assert {header.predictor for header, _ in headers} > {7}
    assert {header.precision for header, _ in headers} == {16}


def test_a_catalog_finds_nothing_to_reject_and_every_finding(tree: Path, truth: list[dict[str, Any]]) -> None:
    cases = [ddsm.read_case(path) for path in ddsm.find_cases(tree)]
    assert not [rejected for case in cases for rejected in case.rejected]
    assert not [repair for case in cases for repair in case.repairs]
    found = {
        lesion.lesion: (lesion.report, lesion.pathology, lesion.x, lesion.y, lesion.width, lesion.height)
        for case in cases
        for lesion in case.lesions
    }
    told = {
        answer["lesion"]: tuple(answer[key] for key in ("keywords", "pathology", "x", "y", "width", "height"))
        for answer in truth
    }
    assert found == told
    assert len(told) >= 2 * 4
    kinds = {kind.report: kind.name for kind in (*BENIGN_KINDS, *MALIGNANT_KINDS)}
    assert all(kinds[answer["keywords"]] == answer["name"] for answer in truth)
    assert all(answer["lesion"].startswith(answer["scan"] + "#") for answer in truth)


def test_assessments_fit_the_pathology(tree: Path) -> None:
    for path in tree.rglob("*.OVERLAY"):
        abnormalities, repairs = overlay.parse_overlay(path.read_text(), 10_000, 10_000)
        assert not repairs
        for abnormality in abnormalities:
            assert abnormality.assessment in {"malignant": (4, 5), "benign": (2, 3)}[abnormality.pathology]
            assert abnormality.subtlety in range(1, 6)


def test_scans_have_the_densities_of_air_and_tissue(tree: Path) -> None:
    case = ddsm.read_case(ddsm.find_cases(tree)[0])
    for scan in case.scans:
        pixels = (
            ddsm.decode_scan(scan.file, scan.rows, scan.columns, scan.digitizer, scan.bits) / density.UNITS_PER_DENSITY
        )
        air, tissue = pixels > 2.7, (pixels > 0.4) & (pixels < 2.3)
        assert 0.15 < air.mean() < 0.7
        assert 0.25 < tissue.mean() < 0.8


def test_an_outline_is_the_boundary_of_the_largest_region() -> None:
    mask = np.zeros((12, 12), dtype=np.bool_)
    mask[2:6, 3:8] = True
    mask[10, 10] = True
    ring = outline(mask)
    assert len(ring) == len(set(ring)) == 14
    assert {x for x, _ in ring} == set(range(3, 8))
    assert {y for _, y in ring} == set(range(2, 6))


@pytest.mark.parametrize("wrong", [{"patients": 0}, {"seed": -1}, {"columns": 20}])
def test_what_cannot_be_made_is_refused(wrong: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        write_phantom(tmp_path / "none", **wrong)
    assert not (tmp_path / "none").exists()
