"""Whole sources with one damaged file: no other film's label changes, and no film goes missing unseen."""

import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from benchmarks.fuzzing import mutation, seeds
from benchmarks.fuzzing.mutation import bytes_changed, json_changed, of, text_changed
from benchmarks.fuzzing.own_domain import SMEAR, coco_source, tables_source, voc_source
from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import mammography
from deepminer_ray.errors import BadInput, Unreachable, reason
from deepminer_ray.mammography import PATHOLOGIES
from deepminer_ray.phantom.patient import write_patient
from deepminer_ray.sources.kinds import SOURCE_KINDS
from deepminer_ray.sources.two_tables import LESIONS_FILE
from deepminer_ray.stages.catalog import read_cases

PATIENTS = (0, 1, 2)
COLUMNS = 128
UNEXPECTED = "It cannot be read ("
"""How `rejected` begins where a reader raised what it did not foresee."""

TABLES = (".csv", ".json", ".xml", ".txt")
"""What says which findings images have."""
NUMBERS = ("lesion", "abnormality")
"""What counts the findings of a film."""
WAYS = ("changed",) * 14 + (
    "removed",
    "emptied",
    "folder",
    "pipe",
    "broken link",
    "loop",
    "another's",
    "renamed",
    "copied",
)
"""How a file is damaged."""


@dataclass
class Said:
    """What a catalog says of a source: for each film its row and its lesions, and which files are rejected."""

    scans: dict[str, Any] = field(default_factory=dict)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    refused: BadInput | None = None


@dataclass
class Source:
    """One kind of source; `damaged` damages one file of a whole one, `read` looks at it and mends it again.

    Those that `make` makes are of a domain of their own.
    """

    name: str
    kind: str
    make: Callable[[Path], None] | None = None
    folder: Path = Path()
    files: list[Path] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    before: Said = field(default_factory=Said)

    @property
    def domain(self) -> Domain:
        """What the images are of."""
        return mammography() if self.make is None else SMEAR

    def prepare(self, folder: Path) -> None:
        """Make the source, and catalog it whole."""
        self.folder = folder / self.name
        if self.make is not None:
            self.make(self.folder)
        elif self.kind == "ddsm":
            for number in PATIENTS:
                write_patient(self.folder, number, seed=1, columns=COLUMNS)
        elif self.kind == "manifest":
            seeds.manifest_source(self.folder)
        else:
            seeds.cbis_source(self.folder)
        self.files = sorted(file for file in self.folder.rglob("*") if file.is_file())
        self.contents = [file.read_bytes() for file in self.files]
        self.before = self.catalog()
        assert self.before.scans and not self.before.rejected
        for entry in self.before.scans.values():
            SOURCE_KINDS[self.kind].pixels(entry["row"])

    def damaged(self, luck: random.Random) -> bytes:
        """Which file is damaged and how, as JSON; tables, which say most, twice as often."""
        heavy = [3 if file.suffix in (".ics", ".OVERLAY", *TABLES) else 1 for file in self.files]
        place = luck.choices(range(len(self.files)), heavy)[0]
        way = luck.choice(WAYS)
        said: dict[str, Any] = {"file": str(self.files[place].relative_to(self.folder)), "way": way}
        if way == "changed":
            said["content"] = self._change(luck, place).decode("latin-1")
        elif way == "another's":
            same = [file for file in self.files if file.suffix == self.files[place].suffix]
            said["other"] = str(luck.choice(same).relative_to(self.folder))
        elif way in ("renamed", "copied"):
            name = self.files[place].name
            names = [f"{name}.bak", name.lower(), name.replace(".", "_", 1), f"x{name}", f"{name[:-1]}", f" {name}"]
            said["name"] = luck.choice([other for other in names if other != name])
        return json.dumps(said).encode()

    def _change(self, luck: random.Random, place: int) -> bytes:
        kinds = {
            ".png": of(mutation.png_changed, bytes_changed),
            ".tif": of(mutation.tiff_changed, bytes_changed),
            ".dcm": of(mutation.dicom_changed, bytes_changed),
            ".LJPEG": bytes_changed,
            ".json": of(json_changed, json_changed, json_changed, text_changed, bytes_changed),
        }
        change = kinds.get(self.files[place].suffix, of(text_changed, text_changed, bytes_changed))
        alike = [c for f, c in zip(self.files, self.contents, strict=True) if f.suffix == self.files[place].suffix]
        return change(luck, self.contents[place], alike)

    def read(self, content: bytes) -> None:
        """Damage, look, mend; BadInput where the whole source is refused, AssertionError where a truth is broken."""
        said = json.loads(content)
        file = self.folder / said["file"]
        made = self._damage(file, said)
        try:
            after = self.catalog()
            if after.refused is None:
                self._compare(file, said, after)
                self._decode(after)
        finally:
            for other in {file, made}:
                shutil.rmtree(other) if other.is_dir() and not other.is_symlink() else other.unlink(missing_ok=True)
            file.write_bytes(self.contents[self.files.index(file)])
        if after.refused is not None:
            raise after.refused

    def kept(self, content: bytes) -> bytes:
        """What is written down of an input."""
        return content

    def _damage(self, file: Path, said: dict[str, Any]) -> Path:
        """Do it; the file that is there now."""
        made = file.with_name(said.get("name", file.name))
        if said["way"] == "copied":
            made.write_bytes(file.read_bytes())
            return made
        if said["way"] == "renamed":
            return file.rename(made)
        if said["way"] == "another's":
            file.write_bytes((self.folder / said["other"]).read_bytes())
            return file
        file.unlink()
        match said["way"]:
            case "changed":
                file.write_bytes(said["content"].encode("latin-1"))
            case "emptied":
                file.touch()
            case "folder":
                file.mkdir()
            case "pipe":
                os.mkfifo(file)
            case "broken link":
                file.symlink_to("nowhere")
            case "loop":
                file.symlink_to(file.name)
        return file

    def catalog(self) -> Said:
        """What the readers say, as `catalog` asks them."""
        kind, said = SOURCE_KINDS[self.kind], Said()
        try:
            if not kind.recognise(self.folder):
                raise BadInput(f"{self.folder} is not a source of kind {self.kind}.")
            items = kind.items(self.folder, self.domain, [])
        except BadInput as error:
            said.refused = error
            return said
        columns = {name: np.array([item[name] for item in items], object) for name in (items[0] if items else ())}
        if not items:
            return said
        found = read_cases(columns, self.kind, str(self.folder), self.domain)
        for row in found.to_pylist():
            assert row["stopped"] is None, row["stopped"]
            for scan in row["scans"]:
                lesions = [lesion for lesion in row["lesions"] if lesion["scan"] == scan["scan"]]
                assert scan["scan"] not in said.scans, f"{scan['scan']} is there twice"
                said.scans[scan["scan"]] = {"row": scan, "lesions": lesions}
            said.rejected += [(rejected["file"], rejected["reason"]) for rejected in row["rejected"]]
        return said

    def _compare(self, file: Path, damage: dict[str, Any], after: Said) -> None:
        for rejected, why in after.rejected:
            assert UNEXPECTED not in why, f"{rejected}: {why}"
        own = self._scans_of(file, damage)
        if self.name == "source-manifest" and (self.folder / "manifest.csv").is_file():
            lines = (self.folder / "manifest.csv").read_bytes().split(b"\n")
            rows = sum(bool(line.strip(b', \t\r"')) for line in lines) - 1
            found = len(after.scans) + len(after.rejected)
            assert found == rows, f"{rows} rows, but {found} films or reasons"
        for scan, entry in after.scans.items():
            known = self.before.scans.get(scan)
            assert known is not None or own, f"{scan} appeared"
            if known is None or scan in own:
                continue
            assert _same(entry, known), f"{scan} has another row or label, though {file.name} is not its file"
        for scan, entry in self.before.scans.items():
            now = after.scans.get(scan)
            if now is None:
                assert self._named(scan, entry["row"]["file"], after) or not self._listed(scan), f"{scan} went missing"
            elif self.kind == "ddsm" and entry["lesions"]:
                assert now["lesions"], f"{scan} lost its finding and counts as normal"
            elif file.suffix not in TABLES and entry["lesions"]:
                # A mask of fewer pieces makes one finding of two, the worse.
                assert _worst(now["lesions"]) == _worst(entry["lesions"]), f"{scan} has another pathology"

    def _named(self, scan: str, path: str, after: Said) -> bool:
        """Whether a film is rejected, by itself or with its case."""
        rejected = [file for file, _ in after.rejected]
        if self.kind == "cbis":
            return any(scan in file for file in rejected)
        if self.kind == "voc":
            return any(PurePath(file).stem == scan for file in rejected)
        cases = [PurePath(file).parent for file in rejected if file.endswith(".ics")]
        return path in rejected or PurePath(path).parent in cases

    def _listed(self, scan: str) -> bool:
        """Whether the source still says that there is this film."""
        if self.kind == "ddsm":
            return Path(self.before.scans[scan]["row"]["file"]).is_file()
        lines = [line for file in self.folder.glob("*.csv") for line in self._whole_lines(file)]
        return any(self._names(line, scan) for line in lines)

    def _whole_lines(self, file: Path) -> list[str]:
        """The lines of a table that are as they were, where its columns are."""
        if not file.is_file() or file not in self.files:
            return []
        before, now = self.contents[self.files.index(file)].splitlines(), file.read_bytes().splitlines()
        return [line.decode() for line in before[1:] if line in now] if before[:1] == now[:1] else []

    def _scans_of(self, file: Path, damage: dict[str, Any]) -> set[str]:
        """The films that a file says something of."""
        scans = self.before.scans
        if self.kind == "ddsm":
            case = {scan for scan, entry in scans.items() if Path(entry["row"]["file"]).parent == file.parent}
            return case if file.suffix == ".ics" else {scan for scan in case if scan.endswith(f"-{file.stem}")}
        if file.suffix == ".json":
            return self._touched_in_json(file, damage)
        if self.kind in ("manifest", "coco", "voc"):
            stem = file.stem.removesuffix("m")
            return self._touched(file, damage) if file.suffix == ".csv" else {stem}
        if file.suffix == ".csv":
            return self._touched(file, damage)
        return {scan for scan in scans if scan in str(file)}

    def _touched(self, file: Path, damage: dict[str, Any]) -> set[str]:
        """The films whose lines of a table are not as they were: of the others nothing else may be said now."""
        written = damage.get("content", "").encode("latin-1")
        if damage["way"] == "another's":
            written = (self.folder / damage["other"]).read_bytes()
        header, *lines = self.contents[self.files.index(file)].splitlines()
        now = written.splitlines()
        if header not in now[:1]:
            return set(self.before.scans)  # other columns: what they say is another matter
        lost = [line.decode("latin-1") for line in lines if line not in now]
        if file.name == LESIONS_FILE:  # a finding may now be said to be of another image
            lost += [line.decode("latin-1") for line in now if line not in lines]
        return {scan for scan in self.before.scans if any(self._names(line, scan) for line in lost)}

    def _touched_in_json(self, file: Path, damage: dict[str, Any]) -> set[str]:
        """The films of which a file of COCO's says something else than before; all where what is common to them is."""
        try:
            before, now = (
                _said_by_image(json.loads(content))
                for content in (self.contents[self.files.index(file)], damage.get("content", "").encode("latin-1"))
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return set(self.before.scans)
        touched = {name for name in before if before[name] != now.get(name)}
        return set(self.before.scans) if None in touched else {PurePath(str(name)).stem for name in touched}

    def _names(self, line: str, scan: str) -> bool:
        return line.startswith(f"{scan}.") if self.kind == "manifest" else f"_{scan}/" in line

    def _decode(self, after: Said) -> None:
        """Each film that is not as it was is decoded as `cut` does."""
        for scan, entry in after.scans.items():
            row = entry["row"]
            if entry == self.before.scans.get(scan) and row["file"] != str(self.folder):
                continue
            try:
                pixels = SOURCE_KINDS[self.kind].pixels(row)
            except (BadInput, OSError, Unreachable):
                continue
            except Exception as error:
                raise AssertionError(f"decoding {row['file']}: {reason(error)}") from error
            assert pixels.shape == (row["rows"], row["columns"])


def _same(entry: dict[str, Any], known: dict[str, Any]) -> bool:
    """Whether the row and the findings of a film are the same, in whatever order these were said."""
    findings = [
        sorted(json.dumps({name: lesion[name] for name in lesion if name not in NUMBERS}) for lesion in of["lesions"])
        for of in (entry, known)
    ]
    return bool(entry["row"] == known["row"]) and findings[0] == findings[1]


def _said_by_image(said: Any) -> dict[str | None, Any]:
    """What a file of COCO's says of each image by its name, and under None of all."""
    by_image: dict[str | None, Any] = {None: said["categories"]}
    names = {one["id"]: one["file_name"] for one in said["images"]}
    for one in said["images"]:
        by_image.setdefault(one["file_name"], []).append(one)
    for one in said["annotations"]:
        if one["image_id"] in names:
            by_image[names[one["image_id"]]].append({name: value for name, value in one.items() if name != "id"})
    return by_image


def _worst(lesions: list[dict[str, Any]]) -> str:
    order = (*PATHOLOGIES, *reversed(SMEAR.classes.names), "giant platelet")
    return next((name for name in order if any(lesion["pathology"] == name for lesion in lesions)), "normal")


def sources() -> list[Source]:
    """One of each kind."""
    return [
        *(Source(f"source-{kind}", kind) for kind in ("ddsm", "manifest", "cbis")),
        Source("source-tables", "manifest", tables_source),
        Source("source-coco", "coco", coco_source),
        Source("source-voc", "voc", voc_source),
    ]
