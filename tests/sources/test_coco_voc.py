"""COCO's JSON and Pascal VOC's folders give what the same findings give as two tables."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deepminer_ray.domain_file import read_domain
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, Remote
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.sources.kinds import domain_of_source, kind_of_source
from deepminer_ray.sources.rows import Case
from tests.bucket import put

COLUMNS, ROWS = 40, 30
SMEAR = read_domain(
    'name = "smear"\nclasses = ["background", "platelets", "white_cell"]\nrest = "background"\n'
    '[synonyms]\nWBC = "white_cell"\n[objects]\nRBC = { cell = "red cell" }\n'
    'PLT = { class = "platelets", cell = "platelets" }\n[columns]\npatient = "person"\n'
    '[terms]\nedge = ["smooth", "rough"]\ncell = ["white cell", "platelets", "red cell"]\n',
    "domain.toml",
)
NAMES = ("WBC", "Platelets", "white_cell", "Red_cell", "rbc", "PLT")
CLASS = {"WBC": "white_cell", "Platelets": "platelets", "white_cell": "white_cell", "Red_cell": "background"}
CLASS |= {"rbc": "background", "PLT": "platelets"}
CELL = {
    "WBC": "",
    "Platelets": "platelets",
    "white_cell": "white cell",
    "Red_cell": "red cell",
    "rbc": "red cell",
    "PLT": "platelets",
}

Findings = dict[str, list[dict[str, Any]]]


def images(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.fromarray(np.full((ROWS, COLUMNS), number, np.uint8)).save(folder / name)


def some_findings(seed: int) -> Findings:
    """Boxes on four images, one of which has none."""
    luck = random.Random(seed)
    findings: Findings = {f"{name}.png": [] for name in "abcd"}
    for name in ("a.png", "b.png", "c.png"):
        for _ in range(luck.randint(1, 5)):
            x, y = luck.randrange(COLUMNS - 1), luck.randrange(ROWS - 1)
            box = (x, y, luck.randint(1, COLUMNS - x + 2), luck.randint(1, ROWS - y + 2))
            findings[name].append({"name": luck.choice(NAMES), "box": box, "edge": luck.choice(["", "smooth"])})
    return findings


def as_tables(folder: Path, findings: Findings) -> None:
    images(folder, list(findings))
    (folder / "manifest.csv").write_text("image\n" + "".join(f"{name}\n" for name in findings))
    rows = [
        ",".join(map(str, (name, CLASS[one["name"]], *one["box"], CELL[one["name"]], one["edge"])))
        for name, of in findings.items()
        for one in of
    ]
    (folder / "lesions.csv").write_text("image,class,x,y,width,height,cell,edge\n" + "\n".join(rows) + "\n")


def as_coco(folder: Path, findings: Findings) -> None:
    images(folder, list(findings))
    numbers = {name: 7 * number for number, name in enumerate(findings)}
    said: dict[str, Any] = {
        "images": [
            {"id": number, "file_name": name, "width": COLUMNS, "height": ROWS} for name, number in numbers.items()
        ],
        "categories": [{"id": 3 * number, "name": name} for number, name in enumerate(NAMES)],
        "annotations": [
            {
                "id": number,
                "image_id": numbers[name],
                "category_id": 3 * NAMES.index(one["name"]),
                "bbox": list(map(float, one["box"])),
                "iscrowd": 0,
                "segmentation": [],
                "attributes": {"Edge": one["edge"], "occluded": False},
            }
            for number, (name, one) in enumerate((name, one) for name, of in findings.items() for one in of)
        ],
    }
    (folder / "_annotations.coco.json").write_text(json.dumps(said))


def as_voc(folder: Path, findings: Findings) -> None:
    images(folder / "JPEGImages", list(findings))
    (folder / "Annotations").mkdir()
    for name, of in findings.items():
        objects = ""
        for one in of:
            x, y, width, height = one["box"]
            sides = {"xmin": x + 1, "ymin": y + 1, "xmax": x + width, "ymax": y + height}
            box = "".join(f"<{side}>{px}</{side}>" for side, px in sides.items())
            edge = f"<edge>{one['edge']}</edge>" if one["edge"] else ""
            objects += f"<object><name>{one['name']}</name><pose>Left</pose>{edge}<bndbox>{box}</bndbox></object>\n"
        size = f"<size><width>{COLUMNS}</width><height>{ROWS}</height><depth>3</depth></size>"
        text = f"<annotation><folder>x</folder><filename>{name}</filename>{size}{objects}</annotation>"
        (folder / "Annotations" / f"{Path(name).stem}.xml").write_text(f'<?xml version="1.0"?>\n{text}\n')


def cases(folder: Place, source_kind: str, remarks: list[str] | None = None) -> dict[str, Case]:
    """By the name of the image what the folder is recognised to hold."""
    kind = kind_of_source(folder)
    assert kind.name == source_kind
    items = kind.items(folder, SMEAR, [] if remarks is None else remarks)
    return {Path(item["image"]).name: kind.case(folder, item, SMEAR) for item in items}


@pytest.mark.parametrize(("written", "name"), [(as_coco, "coco"), (as_voc, "voc")])
@pytest.mark.parametrize("seed", range(5))
def test_other_forms_say_what_two_tables_say(
    written: Callable[[Path, Findings], None], name: str, seed: int, tmp_path: Path
) -> None:
    findings = some_findings(seed)
    as_tables(tmp_path / "tables", findings)
    written(tmp_path / name, findings)
    wanted, same = cases(tmp_path / "tables", "manifest"), cases(tmp_path / name, name)
    assert wanted.keys() == same.keys()
    for image, case in wanted.items():
        other = same[image]
        assert not case.rejected and not other.rejected
        assert case.lesions == other.lesions and case.keywords == other.keywords
        assert [one.what for one in case.repairs] == [one.what for one in other.repairs]
        (scan,), (twin,) = case.scans, other.scans
        assert Path(scan.file).name == Path(twin.file).name and twin.source_kind == name
        assert Path(twin.patient).name == scan.patient
        assert replace(scan, file="", patient="", source_kind="") == replace(twin, file="", patient="", source_kind="")
    assert any(lesion.pathology == "background" for case in wanted.values() for lesion in case.lesions) or seed


@pytest.mark.parametrize(("written", "name"), [(as_tables, "manifest"), (as_coco, "coco"), (as_voc, "voc")])
def test_each_form_may_lie_in_a_bucket(
    written: Callable[[Path, Findings], None], name: str, bucket: Remote, tmp_path: Path
) -> None:
    written(tmp_path, some_findings(1))
    (tmp_path / "domain.toml").write_text(SMEAR.text)
    put(tmp_path, bucket / name)
    assert domain_of_source(bucket / name, None, []) == SMEAR
    wanted, same = cases(tmp_path, name), cases(bucket / name, name)
    assert wanted.keys() == same.keys()
    for image, case in wanted.items():
        assert case.lesions == same[image].lesions and case.keywords == same[image].keywords
        assert same[image].scans[0].file.startswith("s3://") and not same[image].rejected


def test_a_manifest_counts_before_other_forms(tmp_path: Path) -> None:
    findings = some_findings(0)
    as_coco(tmp_path, findings)
    as_voc(tmp_path, findings)
    assert kind_of_source(tmp_path).name == "coco"
    as_tables(tmp_path, findings)
    assert kind_of_source(tmp_path).name == "manifest"


def coco(folder: Path, change: Callable[[dict[str, Any]], Any]) -> dict[str, Case]:
    """A source of two images and one white cell, changed."""
    as_coco(folder, {"a.png": [{"name": "WBC", "box": (2, 3, 9, 8), "edge": ""}], "b.png": []})
    file = folder / "_annotations.coco.json"
    said = json.loads(file.read_text())
    change(said)
    file.write_text(json.dumps(said))
    return cases(folder, "coco")


def annotation(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda said: said["annotations"][0].update(changes)


def area(case: Case) -> int:
    (lesion,) = case.lesions
    return int(filled_outline(lesion.outline, COLUMNS, ROWS, 0, 0).sum())


@pytest.mark.parametrize(
    ("changes", "pixels"),
    [
        ({}, 72),
        ({"segmentation": [[0, 0, 10, 0, 10, 4, 0, 4]]}, 40),
        ({"segmentation": [[0, 0, 10, 0, 10, 4, 0, 4], [20, 20, 22, 20, 22, 21, 20, 21]]}, 42),
        ({"segmentation": {"size": [ROWS, COLUMNS], "counts": [31, 4, ROWS * COLUMNS - 35]}}, 4),
        ({"segmentation": None}, 72),
        ({"segmentation": None, "bbox": None}, 0),
        ({"bbox": [2.4, 3.0, 9, 8]}, 72),
    ],
)
def test_a_finding_has_its_outline_else_its_box(changes: dict[str, Any], pixels: int, tmp_path: Path) -> None:
    assert area(coco(tmp_path, annotation(**changes))["a.png"]) == pixels


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (annotation(image_id=5), "1 findings of images that are not in its images"),
        (annotation(image_id=None), "has a part whose image_id is null, not a number or a text"),
        (annotation(category_id=99), "an annotation of a category '99' that it does not describe"),
        (annotation(bbox=[1, 2, 3]), "has a bbox of 3 numbers"),
        (annotation(bbox="1 2 3 4"), "has a bbox that is not a list of numbers"),
        (annotation(bbox=[1, 2, "3", 4]), "has a bbox that is not a list of numbers"),
        (annotation(segmentation=["1"]), "has a segmentation that is not a list of numbers"),
        (lambda said: said["annotations"].append(3), "number 2 of its annotations is not an object"),
        (lambda said: said["images"].append(said["images"][0] | {"file_name": "b.png"}), "has two images '0'"),
        (lambda said: said["images"][0].update(file_name=None), "the image 0 has no file_name"),
        (lambda said: said["images"][0].update(person="\udcff"), "has a character that cannot be stored"),
    ],
)
def test_json_that_does_not_fit_is_refused(change: Callable[[Any], Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as raised:
        coco(tmp_path, change)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (annotation(bbox=[1, 2, 0, 4]), "Finding 1 of 1: Its width is 0: it must be more than 0."),
        (annotation(bbox=[1, 2, 10**400, 4]), "Its width is 'inf', which is not a number."),
        (annotation(bbox=[90, 2, 5, 4]), "It lies outside the image of 40 x 30 px."),
        (annotation(segmentation=[[1, 2, 3, 4, 5]]), "A polygon has 5 numbers"),
        (annotation(segmentation={"size": [1, 1], "counts": [1]}), "not of an image of 40 x 30 px"),
        (annotation(attributes={"edge": "wavy"}), "'wavy' is not a term of 'edge' in smear; known are: smooth, rough."),
        (
            lambda said: said["categories"][0].update(name="white_sell"),
            "not a class in smear; do you mean 'white_cell'?",
        ),
        (lambda said: said["images"][0].update(width=41), "It is said to have 41 columns, and has 40"),
        (lambda said: said["images"][0].update(file_name="../a.png"), "lies outside the directory"),
    ],
)
def test_an_image_of_json_that_cannot_be_used_says_why(
    change: Callable[[Any], Any], sentence: str, tmp_path: Path
) -> None:
    same = coco(tmp_path, change)
    (rejected,) = same["a.png"].rejected
    assert sentence in rejected.reason and not same["a.png"].scans
    assert len(same["b.png"].scans) == 1


def test_json_names_its_images_in_several_places(tmp_path: Path) -> None:
    remarks: list[str] = []
    as_coco(tmp_path, {"a.png": [{"name": "WBC", "box": (2, 3, 9, 8), "edge": ""}]})
    (tmp_path / "annotations").mkdir()
    (tmp_path / "_annotations.coco.json").rename(tmp_path / "annotations" / "instances_train2017.json")
    (tmp_path / "train2017").mkdir()
    (tmp_path / "a.png").rename(tmp_path / "train2017" / "a.png")
    (tmp_path / "notes.json").write_text("[1]")
    (scan,) = cases(tmp_path, "coco", remarks)["a.png"].scans
    assert scan.file == str(tmp_path / "train2017" / "a.png") and scan.patient == "train2017/a.png"
    assert remarks == [
        "notes.json is not in COCO's form of object detection: it is not used",
        "no image has a `person`: each image counts as a patient of its own",
    ]
    (tmp_path / "notes.json").write_text("{")
    with pytest.raises(BadInput, match="is not JSON"):
        cases(tmp_path, "coco")


def test_json_may_name_the_patient_and_a_size_as_a_fraction(tmp_path: Path) -> None:
    case = coco(tmp_path, lambda said: said["images"][0].update(Person=12345678901234567890, width=40.0))["a.png"]
    assert case.scans[0].patient == "12345678901234567890"


def test_a_name_that_no_file_can_have_is_looked_for(tmp_path: Path) -> None:
    same = coco(tmp_path, lambda said: said["images"][0].update(file_name="x" * 400 + ".png"))
    assert [len(case.scans) + len(case.rejected) for case in same.values()] == [1, 1]


def voc(folder: Path, old: str, new: str) -> dict[str, Case]:
    """A source of two images and one white cell, its annotation changed."""
    as_voc(folder, {"a.png": [{"name": "WBC", "box": (2, 3, 9, 8), "edge": ""}], "b.png": []})
    file = folder / "Annotations" / "a.xml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return cases(folder, "voc")


BOMB = '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><annotation>'


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("<annotation>", BOMB, "declares a document type or entities"),
        ("<annotation>", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation>', "declares a document type"),
        ("</annotation>", "", "a.xml is not XML in UTF-8: no element found"),
        ("annotation>", "notes>", "a.xml is not an annotation of Pascal VOC, but 'notes'."),
        (">a.png<", ">b.png<", "a.xml is of an image 'b.png', and not of a.png."),
        ("<width>40<", "<width>41<", "It is said to have 41 columns, and has 40"),
        ("<xmin>3<", "<xmin>x<", "a.xml, object 1: The xmin of its box is 'x', which is not a number."),
        ("<xmin>3<", "<xmin>nan<", "The xmin of its box is 'nan', which is not a number."),
        ("<xmin>3</xmin>", "", "The xmin of its box is '', which is not a number."),
        ("<xmin>3<", "<xmin>30<", "Its width is -18: it must be more than 0."),
        ("<bndbox>", "<bndbox/><bndbox>", "It has 2 boxes: keep one."),
        (">WBC<", "><", "It has no class"),
        (">WBC<", ">WCB<", "'WCB' is not a class in smear"),
    ],
)
def test_an_annotation_that_cannot_be_used_says_why(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    same = voc(tmp_path, old, new)
    (rejected,) = same["a.png"].rejected
    assert sentence in rejected.reason and not same["a.png"].scans and rejected.file.endswith("JPEGImages/a.png")
    assert len(same["b.png"].scans) == 1


@pytest.mark.parametrize(
    ("old", "new", "pixels"),
    [
        ("<width>40<", "<width>0<", 72),
        (">a.png<", ">a<", 72),
        ("<filename>a.png</filename>", "", 72),
        ("<xmin>3<", "<xmin>0<", 88),
        ("<xmin>3<", "<xmin>3.4<", 72),
    ],
)
def test_what_files_of_voc_often_have_is_read(old: str, new: str, pixels: int, tmp_path: Path) -> None:
    assert area(voc(tmp_path, old, new)["a.png"]) == pixels


def test_images_and_annotations_of_voc_are_all_accounted_for(tmp_path: Path) -> None:
    as_voc(tmp_path, {"a.png": [], "b.png": [], "c.png": []})
    images(tmp_path / "JPEGImages", ["a.tif", "d.png"])
    (tmp_path / "JPEGImages" / "c.png").unlink()
    same = cases(tmp_path, "voc")
    reasons = {name: case.rejected[0].reason for name, case in same.items() if case.rejected}
    assert reasons == {
        "a.xml": "2 images in JPEGImages have its name, instead of one.",
        "c.xml": "0 images in JPEGImages have its name, instead of one.",
        "d.png": "No file in Annotations has its name: give it one without objects if it shows nothing.",
    }
    assert len(same["b.png"].scans) == 1
