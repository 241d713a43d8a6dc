"""Whole files, small, as their makers would write them: what is damaged."""

import gzip
import io
import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import jpeg_ls
import numpy as np
from numpy.typing import NDArray
from openjpeg.utils import encode_array
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

from deepminer_ray.annotation.journal import Journal
from deepminer_ray.sources import ljpeg
from deepminer_ray.sources.ics import ICS_VIEWS, Ics, View, format_ics
from deepminer_ray.sources.overlay import Abnormality, format_overlay
from deepminer_ray.sources.rows import Ring
from tests.dicom import lossless_jpeg, write_dicom

ROOT = Path(__file__).parents[2]
ROWS, COLUMNS = 60, 40
"""Of a made-up film."""

MANIFEST = "image,mask,patient,laterality,view,pathology,lesion_type,shape,margins,assessment,lesions,density,age,note"


def ics_files() -> list[bytes]:
    """Cases of three digitizers, with and without age."""
    views = {name: View(600, 400, 12, 50.0, name.startswith("LEFT")) for name in ICS_VIEWS}
    cases = [
        Ics("A-0001-1", "HOWTEK_MGH", 3, 60, "1 2 1995", "2 3 1996", views),
        Ics("B-3001-1", "LUMISYS", 2, None, None, None, views),
        Ics("C-0002-1", "DBA", 1, 45, "1 2 1995", "2 3 1996", dict(list(views.items())[:2])),
    ]
    return [format_ics(case).encode() for case in cases]


def ring(x: int, y: int, radius: int) -> Ring:
    """A closed 8-connected outline."""
    mask = np.zeros((y + radius + 2, x + radius + 2), np.uint8)
    cv2.circle(mask, (x, y), radius, 1, -1)
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [(int(column), int(row)) for column, row in found[0].reshape(-1, 2)]


def overlay_files() -> list[bytes]:
    """One abnormality, two of them, and one with a core beside its boundary."""
    mass = Abnormality("LESION_TYPE MASS SHAPE OVAL MARGINS SPICULATED", "malignant", 5, 3, ring(20, 20, 9))
    calcification = Abnormality("LESION_TYPE CALCIFICATION TYPE LUCENT_CENTER", "benign", 2, None, ring(30, 40, 5))
    one = format_overlay([mass])
    core = one.replace("TOTAL_OUTLINES 1", "TOTAL_OUTLINES 2") + "CORE\n20 20 0 2 4 6 #\n"
    return [text.encode() for text in (one, format_overlay([mass, calcification]), core)]


def ljpeg_files() -> list[bytes]:
    """Films of every predictor, a flat one, one of noise and one of exchanged rows and columns."""
    rng = np.random.default_rng(0)
    smooth = (rng.normal(0, 30, (56, 40)).cumsum(axis=1) + 2000).clip(0, 4095).astype(np.uint16)
    streams = [ljpeg.encode(smooth, predictor=predictor, precision=12) for predictor in range(1, 8)]
    noise, flat = rng.integers(0, 65536, (24, 20), dtype=np.uint16), np.full((12, 9), 7, np.uint16)
    return [*streams, ljpeg.encode(noise), ljpeg.encode(flat), ljpeg.encode(smooth, exchanged=True)]


def grey_levels(bits: int = 16, seed: int = 0, shape: tuple[int, int] = (ROWS, COLUMNS)) -> NDArray[Any]:
    """Grey levels [rows, columns]."""
    kind = np.uint8 if bits == 8 else np.uint16
    return np.random.default_rng(seed).integers(0, 1 << bits, shape).astype(kind)


def mask(x: int = 5, y: int = 6, size: int = 9, shape: tuple[int, int] = (ROWS, COLUMNS)) -> NDArray[np.uint8]:
    """A square of 255."""
    drawn = np.zeros(shape, np.uint8)
    drawn[y : y + size, x : x + size] = 255
    return drawn


def image(pixels: NDArray[Any], suffix: str, **how: Any) -> bytes:
    """An image file by Pillow."""
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, suffix, **how)
    return written.getvalue()


def png_files() -> list[bytes]:
    """8, 12 and 16 bits."""
    return [image(grey_levels(bits), "png") for bits in (8, 12, 16)]


def tiff_files() -> list[bytes]:
    """8 and 16 bits, plain and in the packings that scanners write."""
    packings = ("tiff_lzw", "tiff_deflate", "packbits")
    return [
        image(grey_levels(8), "tiff"),
        image(grey_levels(16), "tiff"),
        *(image(grey_levels(16), "tiff", compression=p) for p in packings),
    ]


def dicom_files(folder: Path) -> list[bytes]:
    """16 bits, 12 stored in 16, 8, and black for white; signed, with padding, windows and tables; compressed."""
    grey, item = grey_levels(12), Dataset()
    item.LUTDescriptor, item.LUTData = [256, 0, 16], [value * 257 for value in range(256)]
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    shown = {"WindowCenter": [2000, 900], "WindowWidth": [3000, 700], "VOILUTFunction": "SIGMOID"}
    plain = {"RescaleSlope": -1, "RescaleIntercept": 4095, "PixelPaddingValue": 9, "PixelPaddingRangeLimit": 0}
    write_dicom(folder / "made.dcm", grey.astype(np.int16), stored=13, **shown, **plain)
    made = [(folder / "made.dcm").read_bytes()]
    write_dicom(folder / "made.dcm", grey, stored=12, VOILUTSequence=[item], ModalityLUTSequence=[item])
    made.append((folder / "made.dcm").read_bytes())
    wavelets = encode_array(grey, bits_stored=12, photometric_interpretation=2)
    for kind, frame in (("70", lossless_jpeg(grey)), ("80", bytes(jpeg_ls.encode_array(grey))), ("90", wavelets)):
        write_dicom(folder / "made.dcm", grey, stored=12, syntax=f"1.2.840.10008.1.2.4.{kind}", frame=frame, **shown)
        made.append((folder / "made.dcm").read_bytes())
    write_dicom(folder / "made.dcm", grey, stored=12, syntax=RLELossless)
    made.append((folder / "made.dcm").read_bytes())
    for pixels, photometric, stored in (
        (grey_levels(16), "MONOCHROME2", 0),
        (grey_levels(12), "MONOCHROME1", 12),
        (grey_levels(8), "MONOCHROME2", 0),
    ):
        write_dicom(folder / "made.dcm", pixels, photometric, stored)
        made.append((folder / "made.dcm").read_bytes())
    return made


def mask_files(folder: Path) -> list[bytes]:
    """PNG of 1 and 8 bits, TIFF and DICOM; one of many pieces."""
    write_dicom(folder / "made.dcm", mask())
    speckled = (np.indices((ROWS, COLUMNS)).sum(0) % 5 == 0).astype(np.uint8) * 255
    images = [image(mask(), "png"), image(mask() > 0, "png"), image(mask(), "tiff"), image(speckled, "png")]
    return [*images, (folder / "made.dcm").read_bytes()]


def manifest_source(folder: Path) -> None:
    """Six films of three patients, PNG, TIFF and DICOM, four of them with findings."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        "a1.png,a1m.png,A,LEFT,CC,malignant,MASS,OVAL,SPICULATED,5,1,3,61,first",
        'a2.png,a2m.png,A,LEFT,MLO,malignant|benign,MASS,OVAL|ROUND,ILL_DEFINED,5,2,3,61,"second, of two"',
        "b1.tif,,B,RIGHT,CC,normal,,,,1,,2,50,",
        "b2.tif,,B,R,MLO,normal,,,,1,,2,50,",
        "c1.dcm,c1m.png,C,L,CC,benign,CALCIFICATION,,,2,1,1,,",
        "c2.dcm,c2m.tif,C,L,MLO,benign_without_callback,MASS,ROUND,CIRCUMSCRIBED,2,1,1,,",
    ]
    (folder / "manifest.csv").write_text("\n".join([MANIFEST, *rows]) + "\n")
    for name, bits in (("a1", 8), ("a2", 16)):
        (folder / f"{name}.png").write_bytes(image(grey_levels(bits, bits), "png"))
    for name, bits in (("b1", 8), ("b2", 16)):
        (folder / f"{name}.tif").write_bytes(image(grey_levels(bits, bits), "tiff"))
    write_dicom(folder / "c1.dcm", grey_levels(16, 3))
    write_dicom(folder / "c2.dcm", grey_levels(12, 4), "MONOCHROME1", 12)
    two = mask() | mask(25, 30, 7)
    for name, drawn in (
        ("a1m.png", mask()),
        ("a2m.png", two),
        ("c1m.png", mask(8, 8, 5)),
        ("c2m.tif", mask(20, 20, 6)),
    ):
        (folder / name).write_bytes(image(drawn, "png" if name.endswith("png") else "tiff"))


MASS = (
    "patient_id,breast_density,left or right breast,image view,abnormality id,abnormality type,mass shape,mass margins,"
    "assessment,pathology,subtlety,image file path,cropped image file path,ROI mask file path\n"
)


def cbis_source(folder: Path) -> None:
    """Four films of three patients, one film with two findings, one listed with masses and with calcifications."""

    def row(name: str, patient: str, side: str, view: str, number: int, kind: str, words: str, pathology: str) -> str:
        finding = f"{name}_{number}"
        square = mask(4 * number, 5 * number, 6 + number)
        write_dicom(folder / "CBIS-DDSM" / name / "x" / "1-1.dcm", grey_levels(16, len(name) + number))
        write_dicom(folder / "CBIS-DDSM" / finding / "a" / "1-1.dcm", np.zeros((7, 7), np.uint16))
        write_dicom(folder / "CBIS-DDSM" / finding / "b" / "1-2.dcm", square)
        paths = f"{name}/x/0.dcm,{finding}/x/0.dcm,{finding}/x/1.dcm\n"
        return f"{patient},3,{side},{view},{number},{kind},{words},4,{pathology},4,{paths}"

    train, test = "Mass-Training_P_0000", "Mass-Test_P_0000"
    masses = [
        row(f"{train}1_LEFT_CC", "P_00001", "LEFT", "CC", 1, "mass", "IRREGULAR,SPICULATED", "MALIGNANT"),
        row(f"{train}1_LEFT_CC", "P_00001", "LEFT", "CC", 2, "mass", "OVAL,OBSCURED", "BENIGN"),
        row(f"{train}1_LEFT_MLO", "P_00001", "LEFT", "MLO", 1, "mass", "IRREGULAR,SPICULATED", "MALIGNANT"),
    ]
    tests = [row(f"{test}2_RIGHT_MLO", "P_00002", "RIGHT", "MLO", 1, "mass", "OVAL,CIRCUMSCRIBED", "BENIGN")]
    name = "Calc-Training_P_00003_RIGHT_CC"
    calcifications = [row(name, "P_00003", "RIGHT", "CC", 1, "calcification", "LUCENT_CENTER,N/A", "BENIGN")]
    calc = MASS.replace("mass shape", "calc type").replace("mass margins", "calc distribution")
    for kind, text in (("mass", MASS + "".join(masses)), ("calc", calc + "".join(calcifications))):
        (folder / f"{kind}_case_description_train_set.csv").write_text(text)
    (folder / "mass_case_description_test_set.csv").write_text(MASS + "".join(tests))


def annotation_rows() -> list[dict[str, Any]]:
    """Names of units as experts and the paper's authors give them."""
    return [
        {"unit": 3, "annotator": "Anna", "recognizable": True, "phenomenon": "spiculated edge", "terms": "oval"},
        {"unit": "unit_8", "annotator": "Ben", "recognizable": "no", "phenomenon": "vessel", "confidence": "high"},
        {"unit": "5", "expert": "Cem", "text": "calcification", "not_applicable": "0"},
    ]


def annotation_csvs() -> list[bytes]:
    """Our columns, the authors', and quoted cells."""
    ours = "unit,annotator,recognizable,phenomenon,category,terms,association,confidence\n"
    ours += '3,Anna,yes,"edge, spiculated",Mass,oval; round,malignant,high\nunit_8,Ben,no,,,,,\n'
    return [ours.encode(), b"unit,expert,text,not_applicable\nunit_4,One,vessel,0\nunit_7,One,,1\n"]


def annotation_jsons() -> list[bytes]:
    """The same as JSON."""
    return [json.dumps(annotation_rows()).encode(), json.dumps(annotation_rows()[:1]).encode()]


def vector_files(folder: Path) -> dict[str, list[bytes]]:
    """Word vectors in every format, by the suffix their reader goes by."""
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(4)
    words = ["mass", "edge", "oval", "vessel", "spiculated", "calcification"]
    vectors.add_vectors(words, np.random.default_rng(7).normal(size=(len(words), 4)).astype(np.float32))
    files = {}
    for suffix in (".txt", ".bin"):
        vectors.save_word2vec_format(str(folder / f"made{suffix}"), binary=suffix == ".bin")
        files[suffix] = [(folder / f"made{suffix}").read_bytes()]
    files[".txt"].append(files[".txt"][0].partition(b"\n")[2])
    files[".txt.gz"] = [gzip.compress(content, mtime=0) for content in files[".txt"]]
    vectors.save(str(folder / "made.kv"))
    files[".kv"] = [(folder / "made.kv").read_bytes()]
    return files


def journals(folder: Path) -> list[bytes]:
    """Twelve answers, framed, and the same as earlier versions wrote them."""
    file = folder / "made.jsonl"
    file.unlink(missing_ok=True)
    journal = Journal(file)
    for unit in range(12):
        about = {"unit": unit, "annotator": "Anna", "version": 1, "recognizable": unit % 3 > 0, "position": 1}
        about |= {
            "confidence": "high",
            "repeat": False,
            "checkpoint": "ab12",
            "saved_at": datetime(2020, 1, 2, 3, 4, 5),
        }
        journal.append(
            [about | {"phenomenon": f"mass {unit}", "category": "Mass", "terms": "oval", "association": None}]
        )
    journal.close()
    framed = file.read_bytes()
    return [framed, b"".join(b"[" + line.partition(b" [")[2] for line in framed.splitlines(keepends=True))]


def requests() -> list[bytes]:
    """What a page of the survey sends."""
    answer = {
        "recognizable": True,
        "phenomena": [
            {"text": "edge", "category": "Mass", "terms": ["oval"], "association": "malignant"},
            {"text": "vessel", "category": None, "terms": [], "association": None},
        ],
        "confidence": "high",
    }
    said = [
        {"place": 3, "order": "ab12", "answer": answer},
        {"place": 0, "order": "x", "answer": {"recognizable": False, "phenomena": [], "confidence": None}},
        {"unit": 3, "annotator": "Anna"},
    ]
    return [json.dumps(one).encode() for one in said]


def sheets() -> list[bytes]:
    """A reader's answers, in our columns and in the authors'."""
    return [
        b"question,explanation,answer\n1,mass; edge,malignant\n2,vessel,b\n3,oval,\n",
        b"case,expert_response\n1,C\n2,B\n3,C\n",
    ]


KEY = b"question,scan,class\n1,s1,malignant\n2,s2,benign\n3,s3,malignant\n"


def cluster_files(folder: Path) -> list[bytes]:
    """The two that come with the program, with a key that is there; no address of either is anybody's."""
    key = folder / "key"
    key.touch()
    texts = [(ROOT / name).read_text() for name in ("cluster-local.yaml", "cluster.yaml")]
    return [text.replace("~/.ssh/id_ed25519", str(key)).encode() for text in texts]


def lists() -> list[bytes]:
    """Patients and their lists."""
    return [b"patient,partition\nA,train\nB,test\nC,holdout\n", b"image,patient,paper_split\nx,A,train\ny,B,Hold-out\n"]


def luck_of(reader: str, seed: int, number: int) -> random.Random:
    """What decides the damage of one input."""
    return random.Random(f"{reader} {seed} {number}")
