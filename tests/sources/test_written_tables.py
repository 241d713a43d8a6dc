"""Manifests and annotations as spreadsheets save them, from this file and from ../shared/cases."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.annotation.exchange import read_annotations
from deepminer_ray.domain_file import mammography
from deepminer_ray.errors import BadInput
from deepminer_ray.sources.kinds import kind_of_source
from deepminer_ray.sources.manifest import find_rows, read_row
from deepminer_ray.sources.rows import Case
from tests.made_up import shared_case

COLUMNS = ("image", "mask", "patient", "laterality", "view", "pathology", "assessment", "density", "age", "resolution")
ROW = ("images\\a.png", "masks\\m.png", "Müller", "L", "XCCL", "Malign", "BI-RADS 4a", "DENSITY C", "061Y", "43,5")


def draw(folder: Path) -> None:
    for name in ("images/a.png", "masks/m.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        pixels = np.full((20, 30), 128, np.uint8)
        pixels[5:12, 5:12] = 255
        Image.fromarray(pixels if "image" in name else pixels // 255 * 255).save(folder / name)


def cases(folder: Path) -> list[Case]:
    return [read_row(str(folder), row) for row in find_rows(folder)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_manifest_is_read_as_a_spreadsheet_saves_it(tmp_path: Path, encoding: str, separator: str) -> None:
    draw(tmp_path)
    lines = [separator.join(cells) for cells in (COLUMNS, ROW, [""] * len(ROW))]
    (tmp_path / "manifest.csv").write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    (case,) = cases(tmp_path)
    (scan,), (lesion,) = case.scans, case.lesions
    assert not case.rejected and not case.repairs
    assert (scan.patient, scan.laterality, scan.view) == ("Müller", "LEFT", "XCCL")
    assert (scan.density, scan.age, scan.resolution) == (3, 61, 43.5)
    assert (lesion.pathology, lesion.assessment) == ("malignant", 4)


def test_two_tables_are_read_as_a_spreadsheet_saves_them(tmp_path: Path) -> None:
    draw(tmp_path)
    (tmp_path / "manifest.csv").write_bytes("image;patient;density\r\nimages\\a.png;p;B\r\n".encode("utf-16"))
    lesions = "sep=;\r\nimage;pathology;x;y;width;height\r\n.\\images\\a.png;M;2,5;3;4,25;5\r\n;;;;;\r\n"
    (tmp_path / "lesions.csv").write_bytes(lesions.encode("cp1252"))
    kind, remarks = kind_of_source(tmp_path), list[str]()
    (item,) = kind.items(tmp_path, mammography(), remarks)
    case = kind.case(tmp_path, item, mammography())
    assert not case.rejected and case.scans[0].density == 2 and not remarks
    assert (case.lesions[0].pathology, case.lesions[0].x, case.lesions[0].width) == ("malignant", 2, 5)


@pytest.mark.parametrize(("mask", "pathology"), [("m.png", "benign"), ("", None)])
def test_a_column_of_ones_and_zeros_is_of_malignancy(tmp_path: Path, mask: str, pathology: str | None) -> None:
    draw(tmp_path)
    shutil.copy(tmp_path / "images/a.png", tmp_path / "b.png")
    mask = f"masks/{mask}" if mask else ""
    rows = f"images/a.png,masks/m.png,p,L,CC,1\nb.png,{mask},q,L,CC,0\n"
    (tmp_path / "manifest.csv").write_text(",".join(COLUMNS[:6]) + "\n" + rows)
    first, second = cases(tmp_path)
    assert first.lesions[0].pathology == "malignant"
    assert [lesion.pathology for lesion in second.lesions] == ([pathology] if pathology else [])
    assert bool(second.rejected) == (pathology is None)


def test_the_shared_manifests_of_spreadsheets_are_read(tmp_path: Path) -> None:
    folder = shared_case("csv_excel", tmp_path)
    for name in ("semicolon", "bom", "bomsemicolon", "cp1252", "utf16", "crlf"):
        (case,) = cases(folder / name)
        assert [scan.patient for scan in case.scans] == ["Müller" if name == "cp1252" else "p1"], name
        assert [lesion.pathology for lesion in case.lesions] == ["malignant"] and not case.repairs, name


HEAD, ROWS = ("unit", "annotator", "phenomenon"), [("0", "Zoë", "spiculated mass"), ("5", "Zoë", "calcifications")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_names_of_units_are_read_however_they_are_sent_back(tmp_path: Path, encoding: str, separator: str) -> None:
    lines = [tuple(name.title() for name in HEAD), *ROWS, ("", "", "")]
    (tmp_path / "names.csv").write_bytes("\r\n".join(map(separator.join, lines)).encode(encoding))
    read = [tuple(str(row[name]) for name in HEAD) for row in read_annotations(tmp_path / "names.csv", 64)]
    assert read == ROWS


@pytest.mark.parametrize(
    ("written", "unit"),
    [("12", 12), ("12.0", 12), ("unit_13", 12), ("unit_0013", 12), ("Unit 13", 12), ("UNIT-13", 12), ("0", 0)],
)
def test_a_unit_is_a_channel_or_its_name_in_the_paper(tmp_path: Path, written: str, unit: int) -> None:
    (tmp_path / "names.csv").write_text(f"unit,phenomenon\n{written},mass\n")
    assert read_annotations(tmp_path / "names.csv", 64)[0]["unit"] == unit


@pytest.mark.parametrize("written", ["12.5", "unit_", "unit_0", "12.0.0", "unit 12,5", "64"])
def test_a_unit_that_is_none_is_named_by_its_line(tmp_path: Path, written: str) -> None:
    (tmp_path / "names.csv").write_text(f"unit;phenomenon\n\n3;mass\n{written};mass\n")
    with pytest.raises(BadInput, match=r"^Line 4 names"):
        read_annotations(tmp_path / "names.csv", 64)


def test_a_table_without_units_says_which_columns_it_has(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("channel;name\n3;mass\n")
    with pytest.raises(BadInput, match="its columns, separated by semicolons, are 'channel', 'name'"):
        read_annotations(tmp_path / "names.csv", 64)


def test_the_shared_annotations_are_read(tmp_path: Path) -> None:
    src = shared_case("annotation_files", tmp_path) / "src"
    read: dict[str, list[Any]] = {
        file.stem: [(row["unit"], row["annotator"], row["phenomenon"]) for row in read_annotations(file, 2048)]
        for file in src.iterdir()
    }
    usual = [(0, "Anna", "spiculated mass"), (5, "Anna", "fine calcifications")]
    for name in ("ok", "semicolon", "bom", "bomsemicolon", "capital", "tsv", "blank"):
        assert read[name] == usual, name
    assert read["cp1252"] == [(0, "Zoë", "spiculated mass")] and read["float"] == usual[:1]
    assert [unit for unit, *_ in read["mixed"]] == [0, 511, 12]
    assert [row[0] for row in read["twice"]] == [0, 0]
