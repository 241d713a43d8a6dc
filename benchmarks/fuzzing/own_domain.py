"""Sources of a domain of its own, in two tables, as COCO's JSON and in Pascal VOC's folders, and how they are read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fuzzing import seeds
from deepminer_ray.domain_file import read_domain
from deepminer_ray.sources.kinds import SOURCE_KINDS
from deepminer_ray.sources.rows import Case

DOMAIN = """name = "smear"
classes = ["background", "platelets", "white_cell"]
rest = "background"

[synonyms]
WBC = "white_cell"

[counts_as]
"giant platelet" = "platelets"

[columns]
patient = "person"

[terms]
edge = ["smooth", "rough"]
cell = ["white cell", "platelet", "red cell"]

[names]
order = ["edge", "cell"]
"""
SMEAR = read_domain(DOMAIN, "domain.toml")

LESIONS = """image,class,x,y,width,height,cx,cy,radius,polygon,mask,value,edge,cell,subtlety,note
a.png,WBC,2,3,10,12,,,,,,,rough; smooth,white cell,3,one
a.png,platelets,,,,,20.5,30,4.5,,,,,platelet,,
b.png,giant platelet,,,,,,,,1 1 12 2 11 14 3 9,,,,,,"a, polygon"
b.png,background,,,,,,,,,bm.png,255,,red cell,,
c.tif,WBC,30,50,20,20,,,,,,,smooth,,,beyond the edge
d.tif,platelets,,,,,,,,,,,,,,
"""


def images(folder: Path) -> None:
    """Five images of one size, and a mask of one."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(("a.png", "b.png", "c.tif", "d.tif", "e.png")):
        pixels = seeds.grey_levels(8 if number % 2 else 16, number)
        (folder / name).write_bytes(seeds.image(pixels, "png" if name.endswith("png") else "tiff"))


def tables_source(folder: Path) -> None:
    """Two tables: findings of every shape, one without a place, one of the rest class, and an image without any."""
    images(folder)
    (folder / "bm.png").write_bytes(seeds.image(seeds.mask(), "png"))
    rows = ["a.png,P,61,", "b.png,P,61,", "c.tif,Q,,white_cell", "d.tif,R,40,", "e.png,S,,background"]
    (folder / "manifest.csv").write_text("\n".join(["image,person,age,class", *rows]) + "\n")
    (folder / "lesions.csv").write_text(LESIONS)


def coco_said() -> dict[str, Any]:
    """COCO's parts: boxes, polygons, run lengths in both forms, and an image without any."""
    size, names = [seeds.ROWS, seeds.COLUMNS], ("a.png", "b.png", "c.tif", "d.tif", "e.png")
    runs = {"size": size, "counts": [70, 5, 55, 5, seeds.ROWS * seeds.COLUMNS - 135]}
    drawn: list[tuple[int, int, dict[str, Any]]] = [
        (1, 1, {"bbox": [2, 3, 10.5, 12], "segmentation": [], "attributes": {"edge": "rough"}}),
        (1, 2, {"bbox": [2, 3, 10, 12], "segmentation": [[1, 1, 12, 2, 11, 14, 3, 9], [20, 20, 25, 20, 25, 28]]}),
        (2, 3, {"segmentation": runs, "iscrowd": 1}),
        (3, 2, {"segmentation": {"size": size, "counts": "V2"}, "bbox": [1, 2, 3, 4]}),
        (4, 1, {"bbox": None}),
    ]
    drawn[3][2]["segmentation"]["counts"] = packed([70, 5, 55, 5, seeds.ROWS * seeds.COLUMNS - 135])
    numbered = enumerate(names, 1)
    return {
        "info": {"year": 2026},
        "images": [
            {"id": number, "file_name": name, "width": size[1], "height": size[0], "person": f"P{number}"}
            for number, name in numbered
        ],
        "categories": [{"id": number, "name": name} for number, name in enumerate(("WBC", "platelets", "Red_cell"), 1)],
        "annotations": [
            {"id": number, "image_id": image, "category_id": category} | more
            for number, (image, category, more) in enumerate(drawn)
        ],
    }


def packed(runs: Sequence[int]) -> str:
    """COCO's text of runs."""
    text = ""
    for place, run in enumerate(runs):
        number, more = run - (runs[place - 2] if place > 2 else 0), True
        while more:
            bits, number = number & 31, number >> 5
            more = number != (-1 if bits & 16 else 0)
            text += chr((bits | (32 if more else 0)) + 48)
    return text


def coco_source(folder: Path) -> None:
    """Images beside one file of JSON."""
    images(folder)
    (folder / "_annotations.coco.json").write_text(json.dumps(coco_said()))


def voc_annotations() -> dict[str, str]:
    """An annotation for each image, by its name without suffix."""
    box = "<bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>"
    objects = {
        "a.png": f"<object><name>WBC</name><pose>Left</pose><edge>rough</edge>{box.format(3, 4, 12, 15)}</object>",
        "b.png": f"<object><name>platelets</name>{box.format(1, 1, 9, 9)}</object>"
        f"<object><name>Red_cell</name>{box.format(20, 20, 45, 30)}</object>",
        "c.tif": f"<object><name>white_cell</name><difficult>1</difficult>{box.format(5, 5, 8, 50)}</object>",
        "d.tif": "<object><name>platelets</name></object>",
        "e.png": "",
    }
    size = f"<size><width>{seeds.COLUMNS}</width><height>{seeds.ROWS}</height><depth>1</depth></size>"
    return {
        name.partition(".")[0]: f'<?xml version="1.0"?>\n<annotation><filename>{name}</filename>\n{size}\n{said}\n'
        "<person>P</person></annotation>\n"
        for name, said in objects.items()
    }


def voc_source(folder: Path) -> None:
    """Images in JPEGImages, annotations beside them."""
    images(folder / "JPEGImages")
    (folder / "Annotations").mkdir(exist_ok=True)
    for name, text in voc_annotations().items():
        (folder / "Annotations" / f"{name}.xml").write_text(text)


def make_lesions(folder: Path) -> list[bytes]:
    """The table of findings."""
    tables_source(folder)
    return [LESIONS.encode()]


def make_manifest(folder: Path) -> list[bytes]:
    """The manifest beside it, and one that stands alone."""
    tables_source(folder)
    alone = LESIONS.replace("d.tif,platelets,", "e.png,background,")
    return [(folder / "manifest.csv").read_bytes(), alone.encode()]


def read_lesions(folder: Path, content: bytes) -> None:
    """Every image is there or rejected, whatever is said of findings."""
    (folder / "lesions.csv").write_bytes(content)
    images_read = read_source(folder, "manifest")
    assert len(images_read) == 5


def read_manifest_of_two(folder: Path, content: bytes) -> None:
    """With the findings beside it, or without where it has a place for them."""
    (folder / "manifest.csv").write_bytes(content)
    (folder / "lesions.csv").unlink(missing_ok=True)
    if b"polygon" not in content[:200]:
        (folder / "lesions.csv").write_text(LESIONS)
    read_source(folder, "manifest")


def make_coco(folder: Path) -> list[bytes]:
    """The JSON, also as some programs indent it."""
    coco_source(folder)
    return [json.dumps(coco_said()).encode(), json.dumps(coco_said(), indent=1).encode()]


def read_coco(folder: Path, content: bytes) -> None:
    """As `catalog` reads it where it is told the kind."""
    (folder / "_annotations.coco.json").write_bytes(content)
    read_source(folder, "coco")


def make_voc(folder: Path) -> list[bytes]:
    """The annotations, each of which is read as that of the first image."""
    voc_source(folder)
    return [text.encode() for text in voc_annotations().values()]


def read_voc(folder: Path, content: bytes) -> None:
    """No other image changes."""
    file = folder / "Annotations" / "a.xml"
    file.write_bytes(voc_annotations()["a"].encode())
    before = read_source(folder, "voc")
    file.write_bytes(content)
    after = read_source(folder, "voc")
    assert {name: case for name, case in before.items() if name != "a.png"} == {
        name: case for name, case in after.items() if name != "a.png"
    }


def read_source(folder: Path, source_kind: str) -> dict[str, Case]:
    """The cases of a source by the names of their images; every outline lies on its image."""
    kind, remarks = SOURCE_KINDS[source_kind], list[str]()
    cases = {}
    for item in kind.items(folder, SMEAR, remarks):
        json.dumps(item)
        case = kind.case(folder, item, SMEAR)
        assert len(case.scans) + len(case.rejected) == 1
        assert not (case.rejected and (case.lesions or case.keywords or case.regions))
        for lesion in case.lesions:
            assert lesion.pathology in (*dict(SMEAR.classes.pathologies), SMEAR.classes.rest)
            for ring in lesion.outline:
                points = np.array(ring)
                assert (points >= 0).all() and (points < (seeds.COLUMNS, seeds.ROWS)).all()
        assert {one.term for one in case.keywords} <= {*SMEAR.terms["Finding"]}
        storable(case)
        cases[Path(item["image"]).name] = case
    assert all(remark.isprintable() and len(remark) < 1000 for remark in remarks)
    return cases


def storable(case: Case) -> None:
    """What is said of a case fits the run's tables."""
    for row in (*case.scans, *case.lesions, *case.rejected, *case.repairs, *case.keywords, *case.regions):
        for name in row.__slots__:
            value = getattr(row, name)
            assert not isinstance(value, int) or abs(value) < 2**31, f"{name} is {value}"
            assert not isinstance(value, str) or value.encode() is not None


def read_domain_file(_: Path, content: bytes) -> None:
    """What is read of a domain's file can be stored, and read again."""
    domain = read_domain(content.decode("utf-8", "replace"), "domain.toml")
    assert read_domain(domain.text, "again") == domain
    assert domain.shown() and domain.class_rows() and domain.rows()
    assert len(domain.classes) >= 2 and set(domain.synonyms).isdisjoint(domain.classes)
