"""Every reader of a single file or value: its whole files, their damage, and what must be true of what is read."""

import io
import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.fuzzing import mutation, own_domain, seeds
from benchmarks.fuzzing.mutation import PIECES, Change, bytes_changed, json_changed, of, text_changed
from benchmarks.fuzzing.own_domain import storable
from deepminer_ray.annotation.sent import LONGEST_DESCRIPTION
from deepminer_ray.annotation.vocabulary import CONFIDENCES
from deepminer_ray.domain_file import mammography
from deepminer_ray.errors import BadInput

Read = Callable[[Path, bytes], None]
UNITS = 10


@dataclass
class Reader:
    """A reader, the files it reads whole, what damages these, and how it is called; `read` raises what it raises."""

    name: str
    make: Callable[[Path], Sequence[bytes]]
    change: Change
    reading: Read
    folder: Path = Path()
    whole: Sequence[bytes] = field(default_factory=list)

    def prepare(self, folder: Path) -> None:
        """Make the whole files, and read each, so that what is loaded once is loaded."""
        self.folder = folder
        self.whole = self.make(folder)
        for content in self.whole:
            self.read(content)

    def damaged(self, luck: random.Random) -> bytes:
        """One damaged file; sometimes one that is damaged twice."""
        content = luck.choice(self.whole)
        for _ in range(luck.choice((1, 1, 1, 2))):
            content = self.change(luck, content, self.whole)
        return content

    def read(self, content: bytes) -> None:
        """Read it; AssertionError where what was read cannot be true."""
        self.reading(self.folder, content)

    def kept(self, content: bytes) -> bytes:
        """What is written down of an input."""
        return content


def read_ics(_: Path, content: bytes) -> None:
    from deepminer_ray.sources import ics

    case = ics.parse_ics(content.decode("latin-1"))
    assert case.digitizer and all(0 < view.lines < 10**9 for view in case.views.values())


def read_overlay(_: Path, content: bytes) -> None:
    from deepminer_ray.sources import overlay

    abnormalities, _ = overlay.parse_overlay(content.decode("latin-1"), 60, 70)
    assert abnormalities
    for abnormality in abnormalities:
        assert all(0 <= x < 60 and 0 <= y < 70 for x, y in abnormality.outline)
        overlay.chain_codes(abnormality.outline)


def read_ljpeg(_: Path, content: bytes) -> None:
    from deepminer_ray.sources import ljpeg

    grey = ljpeg.decode(content)
    found = ljpeg.header(content)
    assert grey.shape == (found.rows, found.columns) and grey.size <= 8 * len(content)


def make_manifests(folder: Path) -> list[bytes]:
    seeds.manifest_source(folder)
    return [(folder / "manifest.csv").read_bytes()]


def read_manifest(folder: Path, content: bytes) -> None:
    from deepminer_ray.sources import manifest

    (folder / manifest.MANIFEST_FILE).write_bytes(content)
    for row in manifest.find_rows(folder):
        case = manifest.read_row(str(folder), row)
        assert len(case.scans) + len(case.rejected) == 1
        storable(case)


def make_rows(folder: Path) -> list[bytes]:
    from deepminer_ray.sources import manifest

    seeds.manifest_source(folder)
    return [json.dumps(row).encode() for row in manifest.find_rows(folder)]


def read_row(folder: Path, content: bytes) -> None:
    from deepminer_ray.sources import manifest

    said = json.loads(content)
    row = {}
    for name, value in (said if isinstance(said, dict) else {}).items():
        text = value if isinstance(value, str) else json.dumps(value)
        row[name] = text.encode(errors="replace").decode()
    case = manifest.read_row(str(folder), row)
    assert len(case.scans) + len(case.rejected) == 1
    storable(case)


def make_cbis(folder: Path) -> list[bytes]:
    seeds.cbis_source(folder)
    return [(folder / "mass_case_description_train_set.csv").read_bytes()]


def read_cbis(folder: Path, content: bytes) -> None:
    from deepminer_ray.sources import cbis

    (folder / "mass_case_description_train_set.csv").write_bytes(content)
    cbis.read_official_lists(folder)
    for item in cbis.find_scans(folder):
        case = cbis.read_case(str(folder), item)
        assert len(case.scans) + len(case.rejected) == 1
        storable(case)


def read_lists(folder: Path, content: bytes) -> None:
    from deepminer_ray.stages.partition import read_partition_lists as read

    (folder / "lists.csv").write_bytes(content)
    read(folder / "lists.csv").to_arrow()


def read_scan_image(name: str) -> Read:
    def read(folder: Path, content: bytes) -> None:
        from deepminer_ray.sources import image

        (folder / name).write_bytes(content)
        pixels = image.read_image(str(folder / name))
        header = image.read_header(folder / name)
        assert pixels.shape == (header.rows, header.columns)

    return read


def read_dicom_scan(folder: Path, content: bytes) -> None:
    from deepminer_ray.sources import described, image
    from deepminer_ray.sources.dicom_grey import Reading
    from deepminer_ray.sources.rows import Case, Scan

    file = folder / "film.dcm"
    file.write_bytes(content)
    header = image.scan_header(file)
    size = {"rows": header.rows, "columns": header.columns, "bits": header.bits}
    scan = Scan("S", "P", "LEFT", "CC", "manifest", str(file), digitizer="DISPLAY", **size)
    reading = Reading(2, True, ("tomosynthesis", "spot"))
    case = described.describe(Case(scans=[scan]), reading)
    assert len(case.scans) + len(case.rejected) == 1 and len(case.unsaid) <= 1
    pixels = image.read_image(str(file), reading=reading)
    assert pixels.shape == (header.rows, header.columns)
    image.dicom_extent(str(file), reading)


def read_mask(folder: Path, content: bytes) -> None:
    from deepminer_ray.sources.finding import components

    (folder / "mask").write_bytes(content)
    for ring in components(folder / "mask", seeds.COLUMNS, seeds.ROWS):
        assert ring and all(0 <= x < seeds.COLUMNS and 0 <= y < seeds.ROWS for x, y in ring)


def read_annotations(name: str) -> Read:
    def read(folder: Path, content: bytes) -> None:
        from deepminer_ray.annotation.exchange import read_annotations as read_rows

        (folder / name).write_bytes(content)
        for row in read_rows(folder / name, UNITS):
            assert 0 <= row["unit"] < UNITS
            json.dumps(row, ensure_ascii=False).encode()

    return read


def make_vectors(suffix: str) -> Callable[[Path], Sequence[bytes]]:
    return lambda folder: seeds.vector_files(folder)[suffix]


def read_vectors(name: str) -> Read:
    def read(folder: Path, content: bytes) -> None:
        import numpy as np

        from deepminer_ray.explanations.words import load_words

        (folder / name).write_bytes(content)
        assert np.isfinite(load_words(folder / name).directions(["mass", "unheard"])).all()

    return read


def read_sheet(folder: Path, content: bytes) -> None:
    from deepminer_ray.explanations.readers import mark

    (folder / "key.csv").write_bytes(seeds.KEY)
    (folder / "answers.csv").write_bytes(content)
    marks = mark(folder / "key.csv", folder / "answers.csv")
    assert 0 <= marks.right <= marks.answered


def make_checkpoints(folder: Path) -> list[bytes]:
    from deepminer_ray.network.backbone import build
    from deepminer_ray.network.checkpoint import save

    save(folder / "made.pt", build("squeezenet1_1", until="features.3")[0], 64, "imagenet")
    return [(folder / "made.pt").read_bytes()]


def checkpoint_changed(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """A key, a value or a tensor replaced, in a file that torch itself wrote."""
    import torch

    try:
        described = dict(torch.load(io.BytesIO(content), weights_only=True))
        state = dict(described["state"])
    except Exception:  # damaged before
        return bytes_changed(luck, content, others)
    values = [*mutation.VALUES[:20], "resnet18", "alexnet", "vit_b_16", "regnet_y_128gf", "features.0", "max", "caffe"]
    values += [torch.zeros(2), torch.zeros(0), torch.tensor(1), ["a", "b"], ["a", "b", "c", "d"], ["a"] * 3]
    if described and luck.random() < 0.6:
        described[luck.choice(list(described))] = luck.choice(values)
    if described and luck.random() < 0.2:
        del described[luck.choice(list(described))]
    if state and luck.random() < 0.4 and "state" in described:
        name = luck.choice(list(state))
        tensor = state[name]
        if not isinstance(tensor, torch.Tensor):  # damaged before
            tensor = torch.zeros(1)
        kinds = [tensor.double(), tensor.half(), tensor.int(), tensor[:1], tensor * float("nan"), tensor.flatten()]
        kinds += [tensor.to_sparse(), torch.zeros(1).expand(tensor.shape), tensor.to("meta"), *values]
        state[name] = luck.choice(kinds)
        described["state"] = state
    written = io.BytesIO()
    torch.save(described if luck.random() < 0.95 else luck.choice(values), written)
    return written.getvalue()


def read_checkpoint(_: Path, content: bytes) -> None:
    import torch

    from deepminer_ray.network.appearance import NORMALISATION
    from deepminer_ray.network.checkpoint import read

    found = read(content)
    assert isinstance(found.side, int) and found.side > 0 and found.normalisation in NORMALISATION
    with torch.no_grad():
        assert found.network(torch.zeros(1, 3, 96, 96)).shape == (1, len(found.network.classes))


def make_weights(folder: Path) -> list[bytes]:
    import torch

    from deepminer_ray.network.backbone import build

    plain = io.BytesIO()
    torch.save(build("squeezenet1_1", until="features.3")[0].features.state_dict(), plain)
    return [plain.getvalue(), *make_checkpoints(folder)]


def weights_changed(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """As a checkpoint is changed, of a plain state dict too."""
    return checkpoint_changed(luck, luck.choice([content, others[-1]]), others)


def read_weights(folder: Path, content: bytes) -> None:
    from deepminer_ray.network.backbone import build

    (folder / "weights.pt").write_bytes(content)
    network, said = build("squeezenet1_1", weights=str(folder / "weights.pt"), until="features.3")
    assert "tensors from" in said and all(value.is_floating_point() for value in network.state_dict().values())


def read_cluster(folder: Path, content: bytes) -> None:
    """Without a program ssh: nobody is called, whatever address damage makes."""
    from deepminer_ray.workers.cluster_file import checked_cluster_file

    (folder / "cluster.yaml").write_bytes(content)
    path = os.environ["PATH"]
    os.environ["PATH"] = str(folder)
    try:
        checked_cluster_file(folder / "cluster.yaml")
    except BadInput as error:
        if "no ssh here" not in str(error) and "nobody's address" not in str(error):
            raise
    finally:
        os.environ["PATH"] = path


@cache
def _units_of_lines(folder: Path) -> dict[bytes, int]:
    lines = [line for journal in seeds.journals(folder) for line in journal.splitlines()]
    return {line: json.loads(b"[" + line.partition(b"[")[2])[0]["unit"] for line in lines}


def read_journal(folder: Path, content: bytes) -> None:
    """Whatever is between them, every line that is whole is read, and an answer can be added."""
    from deepminer_ray.annotation.journal import Journal, journaled, set_aside

    file = folder / "annotation.jsonl"
    file.write_bytes(content)
    file.with_suffix(".damaged").unlink(missing_ok=True)
    unit_of = _units_of_lines(folder)
    wanted = {unit_of[line] for line in content.split(b"\n")[:-1] if line in unit_of}
    before = journaled(file)
    units = [] if before.rows is None else before.rows["unit"].to_pylist()
    assert wanted <= set(units), "an answer that is whole was lost"
    set_aside(file, before.damaged)
    journal = Journal(file)
    try:
        journal.append([{"unit": 99, "annotator": "Ben", "recognizable": None, "saved_at": datetime(2020, 1, 1)}])
    finally:
        journal.close()
    after = journaled(file)
    assert after.rows is not None and after.rows["unit"].to_pylist() == [*units, 99], "an answer was lost by adding one"


def request_changed(luck: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """An answer with another choice, text or phenomenon of the right type: most of them a page could send."""
    try:
        sent = json.loads(content)
        answer, phenomena = sent["answer"], sent["answer"]["phenomena"]
        whole = isinstance(answer, dict) and isinstance(phenomena, list)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        whole = False
    if not whole:  # damaged before, or no answer
        return json_changed(luck, content, others)
    for _ in range(luck.choice((1, 2, 3, 5))):
        match luck.randrange(6):
            case 0:
                answer["recognizable"] = luck.choice((True, False, None))
            case 1:
                answer["confidence"] = luck.choice((*CONFIDENCES, None))
            case 2 if phenomena:
                phenomena[luck.randrange(len(phenomena))] = _phenomenon(luck)
            case 3 if phenomena:
                del phenomena[luck.randrange(len(phenomena))]
            case 4:
                sent["place"] = luck.choice((0, 1, 2**31 - 1, luck.randrange(2**31)))
            case _:
                phenomena += [_phenomenon(luck) for _ in range(luck.choice((1, 1, 2, 9)))]
    return json.dumps(sent, ensure_ascii=luck.random() < 0.5).encode(errors="surrogatepass")


def _phenomenon(luck: random.Random) -> dict[str, Any]:
    category = luck.choice((*mammography().terms, None))
    terms = list(mammography().terms[category]) if category else []
    chosen = luck.sample(terms, luck.randint(0, len(terms)))
    word = luck.choice(
        ("edge", "", "mass: oval", "Ärzte", *(piece[:LONGEST_DESCRIPTION].decode("latin-1") for piece in PIECES))
    )
    return {
        "text": luck.choice((word, f"{word} and {word}"[:LONGEST_DESCRIPTION], f" {word}\t", word * 2, None)),
        "category": category,
        "terms": chosen * luck.choice((1, 1, 1, 2)) or None,
        "association": luck.choice((*mammography().associations, None)),
    }


def read_request(folder: Path, content: bytes) -> None:
    """What is let in, the journal gives back."""
    from deepminer_ray.annotation.answer import answer_of, read_answer, rows_of
    from deepminer_ray.annotation.journal import Journal, journaled
    from deepminer_ray.annotation.sent import Adjudication, Save, read_message

    try:
        read_message(Adjudication, content)
    except BadInput:
        answer = read_answer(read_message(Save, content).answer, mammography())
    else:
        return
    rows = rows_of(answer, 1, "Anna", 1, False, "ab12", datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None))
    file = folder / "sent.jsonl"
    file.unlink(missing_ok=True)
    journal = Journal(file)
    journal.append(rows)
    journal.close()
    found = journaled(file)
    assert found.rows is not None and not found.damaged
    assert found.rows.to_pylist() == rows, "the journal gives back another answer"
    names = [one.name for one in answer.phenomena]
    assert [one.name for one in answer_of(found.rows.to_pylist(), mammography()).phenomena] == names, (
        "a page would show other names"
    )


def _plain(make: Callable[[], Sequence[bytes]]) -> Callable[[Path], Sequence[bytes]]:
    return lambda _: make()


TEXT = of(text_changed, text_changed, text_changed, bytes_changed)
JSON = of(json_changed, json_changed, text_changed, bytes_changed)
PACKED = of(mutation.packed_changed, bytes_changed)
IMAGES = of(mutation.png_changed, mutation.tiff_changed, mutation.dicom_changed, bytes_changed)


def readers() -> list[Reader]:
    """All of them."""
    return [
        Reader("ics", _plain(seeds.ics_files), TEXT, read_ics),
        Reader("overlay", _plain(seeds.overlay_files), TEXT, read_overlay),
        Reader("ljpeg", _plain(seeds.ljpeg_files), bytes_changed, read_ljpeg),
        Reader("manifest", make_manifests, TEXT, read_manifest),
        Reader("manifest-row", make_rows, json_changed, read_row),
        Reader(
            "domain",
            _plain(lambda: [own_domain.DOMAIN.encode(), mammography().text.encode()]),
            TEXT,
            own_domain.read_domain_file,
        ),
        Reader("lesions", own_domain.make_lesions, TEXT, own_domain.read_lesions),
        Reader("manifest-of-two", own_domain.make_manifest, TEXT, own_domain.read_manifest_of_two),
        Reader("coco", own_domain.make_coco, JSON, own_domain.read_coco),
        Reader("voc", own_domain.make_voc, TEXT, own_domain.read_voc),
        Reader("cbis", make_cbis, TEXT, read_cbis),
        Reader("lists", _plain(seeds.lists), TEXT, read_lists),
        Reader("png", _plain(seeds.png_files), of(mutation.png_changed, bytes_changed), read_scan_image("film.png")),
        Reader("tiff", _plain(seeds.tiff_files), of(mutation.tiff_changed, bytes_changed), read_scan_image("film.tif")),
        Reader("dicom", seeds.dicom_files, of(mutation.dicom_changed, bytes_changed), read_dicom_scan),
        Reader("mask", seeds.mask_files, IMAGES, read_mask),
        Reader("annotations-csv", _plain(seeds.annotation_csvs), TEXT, read_annotations("names.csv")),
        Reader("annotations-json", _plain(seeds.annotation_jsons), JSON, read_annotations("names.json")),
        Reader("vectors-text", make_vectors(".txt"), TEXT, read_vectors("vectors.txt")),
        Reader("vectors-binary", make_vectors(".bin"), bytes_changed, read_vectors("vectors.bin")),
        Reader(
            "vectors-packed",
            make_vectors(".txt.gz"),
            of(mutation.packed_changed, bytes_changed),
            read_vectors("vectors.txt.gz"),
        ),
        Reader("vectors-saved", make_vectors(".kv"), bytes_changed, read_vectors("vectors.kv")),
        Reader("sheets", _plain(seeds.sheets), TEXT, read_sheet),
        Reader("checkpoint", make_checkpoints, of(checkpoint_changed, bytes_changed), read_checkpoint),
        Reader("weights", make_weights, of(weights_changed, bytes_changed), read_weights),
        Reader("cluster", seeds.cluster_files, TEXT, read_cluster),
        Reader("journal", seeds.journals, of(text_changed, bytes_changed), read_journal),
        Reader("request", _plain(seeds.requests), of(request_changed, request_changed, JSON), read_request),
    ]
