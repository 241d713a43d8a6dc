"""RSNA's mammograms as they are published: train.csv, and DICOM that pydicom writes in folders of patients."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.kinds import SOURCE_KINDS, kind_of_source, with_rule
from tests.dicom import write_dicom
from tests.domains import MAMMOGRAPHY
from tests.made_up import breast, read_source, shared_case, why

HEADER = (
    "site_id,patient_id,image_id,laterality,view,age,cancer,biopsy,invasive,BIRADS,implant,density,machine_id,"
    "difficult_negative_case\n"
)


def row(
    image: str, cancer: str = "0", biopsy: str = "0", patient: str = "10", view: str = "CC", last: str = "B"
) -> str:
    return f"1,{patient},{image},L,{view},61.0,{cancer},{biopsy},0,,0,{last},29,False\n"


def write(folder: Path, *rows: str, images: str = "10/1 10/2") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.csv").write_text(HEADER + "".join(rows))
    for name in images.split():
        write_dicom(folder / "train_images" / f"{name}.dcm", breast(160, 120, white=4000), stored=12)
    return folder


def test_classes_are_of_breasts_and_have_no_place(tmp_path: Path) -> None:
    remarks: list[str] = []
    rows = [
        row("1", "1", "1").replace(",0,,0,", ",1,0,0,"),
        row("2", "0", "1", view="MLO", last=""),
        row("3", patient="11").replace("61.0", ""),
    ]
    cases = read_source(write(tmp_path, *rows, images="10/1 10/2 11/3"), "rsna", remarks)
    (scan,), (cancer,) = cases["1.dcm"].scans, cases["1.dcm"].lesions
    assert (scan.scan, scan.patient, scan.laterality, scan.view) == ("1", "10", "LEFT", "CC")
    assert (scan.density, scan.age, scan.bits, scan.source_kind) == (2, 61, 12, "rsna")
    assert (cancer.pathology, cancer.assessment, cancer.outline, cancer.x) == ("malignant", 0, [], None)
    (benign,) = cases["2.dcm"].lesions
    assert (benign.pathology, benign.assessment, benign.outline) == ("benign", None, [])
    assert (cases["2.dcm"].scans[0].view, cases["2.dcm"].scans[0].density) == ("MLO", None)
    assert not cases["3.dcm"].lesions and cases["3.dcm"].scans[0].age is None
    assert not any(case.repairs for case in cases.values())
    assert "others that were biopsied benign, and all others normal" in remarks[0] and "--whole" in remarks[0]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row("1", "yes")], "line 2: Its cancer is 'yes', not 0 or 1"),
        ([row("1", "")], "Its cancer is '', not 0 or 1"),
        ([row("1", "0", "2")], "Its biopsy is '2', not 0 or 1"),
        ([row("1"), row("1", "1")], "line 3: It says something else of its image than another row"),
        ([row("1", view="ZZ")], "'L', 'ZZ' are not a laterality"),
        ([row("1", patient="")], "The row names no patient"),
    ],
)
def test_a_row_that_cannot_be_right_rejects_its_image_alone(tmp_path: Path, rows: list[str], reason: str) -> None:
    cases = read_source(write(tmp_path, *rows, row("2")), "rsna")
    assert reason in why(cases["1.dcm"])
    assert cases["2.dcm"].scans


def test_missing_and_doubled_images_are_rejected_and_copies_in_png_read(tmp_path: Path) -> None:
    rows = [row("1"), row("2"), row("4"), row("5"), row(""), row("6", patient="11"), row("1")]
    write(tmp_path, *rows, images="10/1 12/2 13/2 10/6 11/6")
    Image.fromarray(breast(160, 120).astype(np.uint8)).save(tmp_path / "10_5.png")
    kind = kind_of_source(tmp_path)
    items = {item["image"]: item for item in kind.items(tmp_path, MAMMOGRAPHY, [])}
    cases = {name: kind.case(tmp_path, item, MAMMOGRAPHY) for name, item in items.items()}
    assert set(cases) == {
        *(f"train_images/{name}.dcm" for name in ("10/1", "12/2", "10/4", "10/", "11/6")),
        "10_5.png",
    }
    assert "2 files have its name" in why(cases["train_images/12/2.dcm"])
    assert "No such file" in why(cases["train_images/10/4.dcm"])
    assert "The row names no image" in why(cases["train_images/10/.dcm"])
    for name in ("train_images/10/1.dcm", "train_images/11/6.dcm", "10_5.png"):
        assert cases[name].scans[0].file == str(tmp_path / name)


def test_another_train_csv_is_not_recognised_and_no_rule_is_taken(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("id,label\n1,0\n")
    with pytest.raises(BadInput, match=r"holds no DDSM cases .* no train.csv of RSNA"):
        kind_of_source(tmp_path)
    with pytest.raises(BadInput, match="says the class of its findings"):
        with_rule(SOURCE_KINDS["rsna"], 5)


def test_the_shared_case_is_read(tmp_path: Path) -> None:
    (case,) = read_source(shared_case("datasets_as_published", tmp_path) / "rsna", "rsna").values()
    (scan,), (lesion,) = case.scans, case.lesions
    assert (scan.scan, scan.patient, scan.laterality, scan.view) == ("77", "10", "LEFT", "CC")
    assert (scan.density, scan.age) == (2, 61)
    assert (lesion.pathology, lesion.outline, lesion.assessment) == ("malignant", [], 0)
