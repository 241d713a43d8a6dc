"""Images with boxes in the folders of Pascal VOC: JPEGImages/, and an XML file for each in Annotations/."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place, files_in, place
from deepminer_ray.sources.bounds import finite, read_text
from deepminer_ray.sources.image_case import read_image_case
from deepminer_ray.sources.meaning import Vocabulary, level
from deepminer_ray.sources.rows import Case
from deepminer_ray.sources.shape import BOX
from deepminer_ray.sources.two_tables import Cells, ImageCells, columns_of_image

SOURCE_KIND = "voc"

ANNOTATIONS, IMAGES = "Annotations", "JPEGImages"
SIDES = ("xmin", "ymin", "xmax", "ymax")


def recognise(directory: Place) -> bool:
    """Whether a folder Annotations holds XML."""
    return any((directory / ANNOTATIONS).glob("*.xml"))


def find_annotations(directory: Place, domain: Domain, remarks: list[str]) -> list[dict[str, str]]:
    """The images of the folder with the files of their annotations; one that lacks its other is in doubt."""
    files: list[Place] = sorted((directory / ANNOTATIONS).glob("*.xml"))
    images: dict[str, list[str]] = {}
    folder = directory / IMAGES
    for file in files_in(folder) if folder.is_dir() else ():
        images.setdefault(file.stem, []).append(file.name)
    items = []
    for name in (file.name for file in files):
        of_name = images.pop(PurePosixPath(name).stem, [])
        doubt = "" if len(of_name) == 1 else f"{len(of_name)} images in {IMAGES} have its name, instead of one."
        image = f"{IMAGES}/{of_name[0]}" if len(of_name) == 1 else f"{ANNOTATIONS}/{name}"
        items.append({"image": image, "annotation": f"{ANNOTATIONS}/{name}", "doubt": doubt})
    doubt = f"No file in {ANNOTATIONS} has its name: give it one without objects if it shows nothing."
    for name in (name for of_name in images.values() for name in of_name):
        items.append({"image": f"{IMAGES}/{name}", "annotation": "", "doubt": doubt})
    column = columns_of_image(domain)["patient"]
    remarks.append(f"where a file of annotations has no `{column}`, the {domain.words.image} is a patient of its own")
    return items


def read_annotation(directory: str, item: Mapping[str, str], domain: Domain) -> Case:
    """An image and the objects of its annotation, or why it is rejected."""
    vocabulary, said = Vocabulary.of(domain), ImageCells(item["image"], {}, [], item["doubt"])
    if not said.doubt:
        try:
            said = _said(place(directory) / item["annotation"], item["image"], vocabulary)
        except BadInput as error:
            said = ImageCells(item["image"], {}, [], str(error))
    return read_image_case(directory, said, vocabulary, SOURCE_KIND)


def _said(file: Place, image: str, vocabulary: Vocabulary) -> ImageCells:
    root = _parsed(file)
    named, stem = _text_of(root, "filename"), PurePosixPath(image).stem
    if named and stem not in (named, PurePosixPath(named).stem):
        raise BadInput(f"{file.name} is of an image {named[:60]!r}, and not of {PurePosixPath(image).name}.")
    told = {level(child.tag): (child.text or "").strip() for child in root if not len(child)}
    cells = {what: told.get(column, "") for what, column in columns_of_image(vocabulary.domain).items()}
    for name, side in (("columns", "width"), ("rows", "height")):
        cells[name] = _text_of(root, f"size/{side}").removesuffix(".0").removeprefix("0")
    findings: list[Cells] = []
    for number, one in enumerate(root.findall("object"), 1):
        try:
            finding = _finding_of_object(one, vocabulary)
        except BadInput as error:
            raise BadInput(f"{file.name}, object {number}: {error}") from error
        if finding not in findings:
            findings.append(finding)
    return ImageCells(image, {what: cell for what, cell in cells.items() if cell}, findings)


def _parsed(file: Place) -> ElementTree.Element:
    """The annotation of a file; BadInput where it is none, or declares what an XML reader would expand or fetch."""
    try:
        text = read_text(file)
        declarations = expat.ParserCreate()
        declarations.StartDoctypeDeclHandler = _refuse_declarations
        declarations.Parse(text, True)
        root = ElementTree.fromstring(text)
    except (UnicodeDecodeError, expat.ExpatError, ElementTree.ParseError) as error:
        raise BadInput(f"{file.name} is not XML in UTF-8: {str(error)[:200]}.") from error
    except OSError as error:
        raise BadInput(f"{file.name} cannot be read: {error.strerror}.") from error
    if root.tag != "annotation":
        raise BadInput(f"{file.name} is not an annotation of Pascal VOC, but {root.tag[:40]!r}.")
    return root


def _refuse_declarations(*_: object) -> NoReturn:
    raise BadInput("An annotation declares a document type or entities, which is not read.")


def _text_of(element: ElementTree.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _finding_of_object(one: ElementTree.Element, vocabulary: Vocabulary) -> Cells:
    """An object's cells as in a table of findings; its box counts pixels from 1, the last included."""
    boxes = one.findall("bndbox")
    if len(boxes) > 1:
        raise BadInput(f"It has {len(boxes)} boxes: keep one.")
    said = {level(child.tag): (child.text or "").strip() for child in one}
    cells = {name: text for name, text in said.items() if name in vocabulary.attributes and text}
    cells = vocabulary.category(_text_of(one, "name")) | cells
    if boxes:
        left, top, right, bottom = (_side_of_box(boxes[0], name) for name in SIDES)
        numbers = (left - 1, top - 1, right - left + 1, bottom - top + 1)
        cells |= dict(zip(BOX, map(repr, numbers), strict=True))
    return cells


def _side_of_box(box: ElementTree.Element, name: str) -> float:
    text = _text_of(box, name)
    try:
        return finite(text)
    except ValueError as error:
        raise BadInput(f"The {name} of its box is {text[:40]!r}, which is not a number.") from error
