"""Made-up images of a domain as a source: manifest.csv, lesions.csv, domain.toml, and the answers beside them."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from deepminer_ray.domain import Domain
from deepminer_ray.errors import BadInput
from deepminer_ray.phantom.corpus import SENTENCES, filled
from deepminer_ray.phantom.domain_plan import PlannedImage, nouns_by_class, planned_images, said_with
from deepminer_ray.phantom.domain_scene import DomainScene, draw_scene
from deepminer_ray.phantom.plan import random_numbers
from deepminer_ray.phantom.trait import traits_of
from deepminer_ray.sources.kinds import domain_of_file

SENTENCE_DRAWS = 19
"""What a stream of random numbers is for, beside those of the images."""
FINDING_TEMPLATES = (
    "a {described} {noun} is {seen} on the {image} , {class}",
    "the {finding} is a {described} {noun} , which speaks for {class}",
    "{described} {noun} {seen} in the {region}",
    "{class} : {described} {noun}",
    "the {finding} of the {region} is {described} , so {class} is likely",
)
REST_TEMPLATES = (
    "the {image} shows {nothing} only",
    "no {finding} is {seen} in the {region} , {nothing}",
    "{described} {noun} of {nothing} is {seen} on the {image}",
)
SEEN = ("seen", "noted", "present", "visible", "identified")
"""Words that stand in for each other."""


def write_domain_phantom(directory: Path, file: Path, images: int = 200, seed: int = 0) -> Domain:
    """Write made-up images of a file's domain as a source, with truth.json (traits, findings) and corpus.txt.

    Image i is the same however many images there are. BadInput for mammograms, whose phantom has patients in DDSM's
    formats, for a domain that cannot be shown, and where there is another source already.
    """
    if images < 1 or seed < 0:
        raise BadInput(f"{images} images with seed {seed} cannot be made up: ask for at least 1 and seed 0.")
    domain = domain_of_file(file)
    if domain.of_paper:
        raise BadInput(f"Phantom patients of {domain.name} have files of their own: leave --domain out.")
    if domain.looked.region == "breast" and domain.looked.channels > 1:
        raise BadInput("A breast cannot be told from air in colour: use another region, such as foreground.")
    traits, planned = traits_of(domain), planned_images(domain, images, seed)
    if (directory / "manifest.csv").exists():
        raise BadInput(f"{directory} holds a manifest.csv already: choose another directory.")
    (directory / "images").mkdir(parents=True, exist_ok=True)
    if domain.looked.region == "mask":
        (directory / "regions").mkdir(exist_ok=True)
    manifest: list[dict[str, Any]] = []
    lesions: list[dict[str, Any]] = []
    for image in planned:
        scene = draw_scene(domain, image, traits, seed)
        manifest.append(_write_scene(directory, domain, image, scene))
        lesions += _lesion_cells(domain, manifest[-1]["image"], scene)
    columns = ("class", "polygon", *(attribute.column for attribute in domain.attributes))
    _write_table(directory / "manifest.csv", tuple(manifest[0]), manifest)
    _write_table(directory / "lesions.csv", ("image", *columns), lesions)
    (directory / "domain.toml").write_text(domain.text, encoding="utf-8")
    said = {name: {term: trait.words for term, trait in of.items()} for name, of in traits.items()}
    truth = {"traits": said, "terms of classes": nouns_by_class(domain), "findings": lesions}
    (directory / "truth.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (directory / "corpus.txt").write_text("\n".join(domain_sentences(domain, seed)) + "\n", encoding="utf-8")
    return domain


def _write_scene(directory: Path, domain: Domain, image: PlannedImage, scene: DomainScene) -> dict[str, Any]:
    """Write an image and, where the domain wants one, the mask of its region; its row of the manifest."""
    name = f"images/{image.name}.png"
    white = 255 if domain.looked.channels > 1 else 65535
    levels = np.rint(np.clip(scene.pixels, 0, 1) * white)
    Image.fromarray(levels.astype(np.uint8 if white == 255 else np.uint16)).save(directory / name)
    row: dict[str, Any] = {"image": name}
    columns = domain.columns
    for column, cell in ((columns.patient, image.patient), (columns.side, image.side), (columns.view, image.view)):
        if column is not None:
            row[column] = cell
    if domain.looked.region == "mask":
        row["region"] = f"regions/{image.name}_region.png"
        Image.fromarray(scene.region.astype(np.uint8) * 255).save(directory / row["region"])
    return row


def _lesion_cells(domain: Domain, name: str, scene: DomainScene) -> list[dict[str, Any]]:
    """The rows of lesions.csv of an image."""
    columns = {attribute.name: attribute.column for attribute in domain.attributes}
    return [
        {
            "image": name,
            "class": drawn.planted.class_name,
            "polygon": " | ".join(" ".join(f"{number:.2f}" for number in ring.ravel()) for ring in drawn.polygons),
            **{columns[attribute]: term for attribute, term in drawn.planted.terms.items()},
        }
        for drawn in scene.findings
    ]


def _write_table(file: Path, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def domain_sentences(domain: Domain, seed: int, count: int = SENTENCES) -> list[str]:
    """`count` lower-case sentences with the words of a domain; terms stand beside the classes that they go with."""
    rng, nouns = random_numbers(seed, SENTENCE_DRAWS), nouns_by_class(domain)
    return [_domain_sentence(domain, nouns, rng) for _ in range(count)]


def _domain_sentence(domain: Domain, nouns: dict[str, tuple[str, ...]], rng: np.random.Generator) -> str:
    place = int(rng.integers(len(domain.classes)))
    name, words = domain.classes.names[place], domain.words
    of_class = nouns[name]
    noun = of_class[int(rng.integers(len(of_class)))] if of_class else None
    described = [terms[int(rng.integers(len(terms)))] for terms in said_with(domain, noun).values()]
    families = {
        "class": (name.replace("_", " "),),
        "noun": (domain.said.get(noun, noun) if noun else words.finding,),
        "described": (" ".join(described),),
        "nothing": (domain.nothing.replace("_", " "),),
        "image": (words.image,),
        "finding": (words.finding,),
        "region": (words.region,),
        "seen": SEEN,
    }
    templates = FINDING_TEMPLATES if place else REST_TEMPLATES
    return filled(templates[int(rng.integers(len(templates)))], families, rng)
