"""`catalog`: what the source holds, from headers alone."""

import hashlib
import time
from dataclasses import asdict
from functools import partial
from typing import Any

import pyarrow as pa

from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import Tables, fill_of_domain, make_tables
from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import mammography
from deepminer_ray.errors import BadInput, Unreachable, reason, sentence
from deepminer_ray.files.location import Place, place, resolved
from deepminer_ray.option import takes
from deepminer_ray.options import CatalogOptions, PlanOptions
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.progress.bars import progress, say
from deepminer_ray.progress.running import Running
from deepminer_ray.sources.described import describe
from deepminer_ray.sources.dicom_grey import USUAL, Reading
from deepminer_ray.sources.dicom_views import refuse_unknown_kinds
from deepminer_ray.sources.fingerprint import fingerprint
from deepminer_ray.sources.kinds import (
    SOURCE_KINDS,
    Assessed,
    SourceKind,
    domain_of_source,
    kind_of_source,
    with_rule,
)
from deepminer_ray.sources.rows import Case, Rejected
from deepminer_ray.stages.grey_range import grey_ranges
from deepminer_ray.stages.patients import join_patients, say_joined
from deepminer_ray.workers.cluster import blocks, connect, refuse_deadly
from deepminer_ray.workers.nodes import (
    NO_REQUIREMENTS,
    NodeRequirements,
    VisiblePath,
    check_nodes,
    refuse_unlike,
    refuse_unseen,
)

ITEMS_SHOWN = 64

POINT = pa.struct([("x", pa.int32()), ("y", pa.int32())])

SCAN = pa.schema(
    [(name, pa.string()) for name in ("scan", "patient", "laterality", "view", "source_kind", "file", "digitizer")]
    + [(name, pa.string()) for name in ("fingerprint", "unit", "modality", "acquisition")]
    + [(name, pa.int32()) for name in ("rows", "columns", "bits", "density", "age")]
    + [("resolution", pa.float64())]
)
LESION = pa.schema(
    [(name, pa.string()) for name in ("lesion", "scan", "pathology", "lesion_type", "shape", "margins")]
    + [(name, pa.string()) for name in ("calcification_type", "distribution", "report")]
    + [(name, pa.int32()) for name in ("abnormality", "assessment", "subtlety", "x", "y", "width", "height", "area")]
    + [("outline", pa.list_(pa.list_(POINT)))]
)
KEYWORD = pa.schema([(name, pa.string()) for name in ("lesion", "attribute", "term")])
REGIONS = pa.schema([("scan", pa.string()), ("file", pa.string()), ("value", pa.int32())])
REJECTED = pa.schema([(name, pa.string()) for name in ("file", "reason")])
REPAIR = pa.schema([(name, pa.string()) for name in ("file", "what")])
UNSAID = pa.schema([("scan", pa.string()), ("file", pa.string()), ("bits", pa.int32()), ("signed", pa.bool_())])

OF_CASE = {
    "scans": SCAN,
    "lesions": LESION,
    "keywords": KEYWORD,
    "regions": REGIONS,
    "rejected": REJECTED,
    "repairs": REPAIR,
    "unsaid": UNSAID,
}
FOUND = pa.schema(
    [(name, pa.list_(pa.struct(list(schema)))) for name, schema in OF_CASE.items()] + [("stopped", pa.string())]
)


def read_cases(
    items: dict[str, Any],
    source_kind: str,
    source: str,
    domain: Domain,
    wanted: NodeRequirements = NO_REQUIREMENTS,
    reading: Reading = USUAL,
) -> pa.Table:
    """What a batch of items of a source holds, one row an item; `stopped` says why it cannot be read for now.

    Whatever a reader raises stays with its item, which is then rejected.
    """
    try:
        refuse_unlike(wanted)
        refuse_deadly(str(next(iter(items.values()))[0]))
        cases = _read_cases(items, SOURCE_KINDS[source_kind], place(source), domain, wanted, reading)
        return pa.Table.from_pylist(cases, FOUND)
    except (BadInput, Unreachable) as error:
        return pa.Table.from_pylist([{"stopped": str(error)}], FOUND)


def _read_cases(
    items: dict[str, Any], kind: SourceKind, source: Place, domain: Domain, wanted: NodeRequirements, reading: Reading
) -> list[dict[str, Any]]:
    names = list(items)
    cases = []
    for values in zip(*items.values(), strict=True):
        item = dict(zip(names, values, strict=True))
        try:
            row = _row(describe(kind.case(source, item, domain), reading))
        except Unreachable:
            raise
        except Exception as error:
            if isinstance(error, OSError):  # a file that was there when the directory was listed
                refuse_unseen(wanted.seen)  # or all of them are gone, such as with a disk
            file = str(getattr(error, "filename", None) or kind.file(source, item))
            row = _row(Case(rejected=[Rejected(file, reason(error))]))
        row["scans"] = [scan for scan in row["scans"] if _told(scan, row["rejected"], wanted)]
        cases.append(row)
    return cases


def _row(case: Case) -> dict[str, Any]:
    """A case as a row of FOUND; whatever Arrow raises where its values do not fit."""
    row = asdict(case)
    for left_out in row["rejected"]:
        left_out["file"] = left_out["file"].encode(errors="backslashreplace").decode().replace("\0", "\\0")
    for lesion in row["lesions"]:
        box = lesion["width"], lesion["height"], lesion["x"], lesion["y"]
        lesion["area"] = int(filled_outline(lesion["outline"], *box).sum()) if lesion["outline"] else None
        lesion["outline"] = [[{"x": x, "y": y} for x, y in ring] for ring in lesion["outline"]]
    pa.Table.from_pylist([row], FOUND)
    return row


def _told(scan: dict[str, Any], rejected: list[dict[str, str]], wanted: NodeRequirements) -> bool:
    """Add to a scan what tells whether its file changes; False where it cannot be read, which is then rejected."""
    try:
        scan["fingerprint"] = fingerprint(scan["file"])
    except Unreachable:
        raise
    except Exception as error:
        refuse_unseen(wanted.seen)
        rejected.append({"file": scan["file"], "reason": reason(error)})
        return False
    return True


def found_cases(
    ray: Any,
    items: list[dict[str, Any]],
    source_kind: str,
    source: Place,
    domain: Domain,
    name: str,
    running: Running | None = None,
    reading: Reading = USUAL,
) -> pa.Table:
    """What items of a source hold, one row an item, read by Ray's workers; BadInput where it cannot be read for now."""
    wanted = check_nodes(ray, VisiblePath(source))
    listed = ray.data.from_items(items, override_num_blocks=blocks(ray, len(items)))
    read_rows = listed.map_batches(
        partial(read_cases, source_kind=source_kind, source=str(source), domain=domain, wanted=wanted, reading=reading),
        batch_format="numpy",
        batch_size=None,
    )
    read_rows.set_name(name)
    batches = read_rows.iter_batches(batch_format="pyarrow", batch_size=ITEMS_SHOWN)
    read: list[pa.Table] = []
    for table in progress(batches, "catalog", len(items) // ITEMS_SHOWN + 1):
        read.append(table.cast(FOUND))
        if running is not None:
            running.at(sum(map(len, read)))
    cases = pa.concat_tables(read)
    for stopped in cases["stopped"].drop_null().to_pylist():
        raise BadInput(stopped)
    return cases


@takes(CatalogOptions)
def catalog(run: Run, options: CatalogOptions) -> None:
    """Fill `scan`, `lesion`, `keyword`, `region`, `rejected` and `repair` from a directory of images.

    The run takes the domain of the source: `class`, `term` and `domain` say it.
    """
    reading = reading_of(options)
    directory, remarks = resolved(options.source), list[str]()
    kind = with_rule(kind_of_source(directory, options.source_kind), options.suspicious_from)
    domain = domain_of_source(directory, options.domain, remarks)
    parameters = options.stored() | {"source": str(directory), "source_kind": kind.name} | _digest_of(domain)
    parameters |= {"suspicious_from": kind.suspicious_from} if isinstance(kind, Assessed) else {}
    parameters |= {name: value for name in READ_AS if (value := getattr(options, name))}
    # A run that was catalogued in another domain has its digest, which is compared with none of the usual domain; so
    # are options that are not given.
    if run.finished("catalog", {"domain": None} | dict.fromkeys(READ_AS) | parameters, options.again):
        return
    started = time.time()
    items = kind.items(directory, domain, remarks)
    if not items:
        raise BadInput(f"{directory} holds no {domain.words.image}s: give the folder that does.")
    for remark in remarks:
        say(sentence(f"catalog: {remark}"))
    ray = connect()
    with Running(run.folder, "catalog", len(items), "cases or rows") as running:
        cases = found_cases(ray, items, kind.name, directory, domain, f"catalog {run.name}", running, reading)
        ranges = grey_ranges(ray, cases["unsaid"], f"grey levels {run.name}", reading)
    with run.finishing("catalog", parameters, started) as tables:
        tables.apply("drop_scan")  # that of an earlier version lacks columns
        make_tables(tables.connection, ("scan",))
        fill_of_domain(tables, domain)
        with tables.showing("found", cases), tables.showing("decided", ranges):
            for table in FILLED:
                tables.fill(table, f"found_{table}")
        joined = join_patients(tables)
        counts = tables.select("catalog_count").to_pylist()[0]
        if not counts["scans"]:
            first = cases["rejected"].combine_chunks().flatten().to_pylist()[0]
            example = f"for example {first['file']}: {first['reason']}"
            raise BadInput(f"{directory} holds no {domain.words.image} that can be read, {example}")
        images = tables.select("class_count").to_pylist()
        refuse_unseen_classes(images, domain, directory)
        if not options.mix:
            refuse_mixed(tables, directory)
        _say_of_headers(tables, domain.words.image)
        unplaced = tables.select("unplaced_count").to_pylist()[0]["images"]
    _say_counts(counts, images, unplaced, domain.words.image)
    say_joined(joined)


READ_AS = ("window", "raw", "views", "mix")
"""Options that say how DICOM is read; a finished stage keeps those that were given."""
DIGEST_LETTERS = 16
FILLED = ("scan", "lesion", "keyword", "region", "rejected", "repair")


def _digest_of(domain: Domain) -> dict[str, str]:
    """What a finished stage keeps of another domain than the usual one."""
    digest = hashlib.sha256(domain.text.encode()).hexdigest()
    return {} if domain == mammography() else {"domain": f"{domain.name} {digest[:DIGEST_LETTERS]}"}


def reading_of(options: CatalogOptions | PlanOptions) -> Reading:
    """How DICOM is to be read; BadInput for a kind of view that there is not."""
    refuse_unknown_kinds(options.views)
    return Reading.of({"window": options.window, "raw": options.raw, "views": options.views})


def refuse_mixed(tables: Tables, source: Place) -> None:
    """BadInput where scans have several units, or were acquired in several ways: one network would see two worlds."""
    for what in ("unit", "acquisition"):
        rows = [row for row in tables.select("unit_count").to_pylist() if row["what"] == what]
        if len(rows) > 1:
            kinds = ", ".join(f"{row['scans']} of {row['value']}" for row in rows)
            raise BadInput(
                f"{source} holds images of more than one {what} ({kinds}): give each a run of its own, or --mix."
            )


def _say_of_headers(tables: Tables, word: str) -> None:
    left_out = tables.select("left_out_count").to_pylist()
    if left_out:
        kinds = ", ".join(f"{row['images']} {row['kind']}" for row in left_out)
        say(f"{kinds}: these {word}s are left out; --raw or --views KIND takes them.")
    if differing := tables.select("audit/header_against_table").num_rows:
        say(f"{differing} {word}s have a header that says another patient, side or view than the table: `repair`")


def _say_counts(counts: dict[str, int], images: list[dict[str, Any]], unplaced: int, word: str) -> None:
    seen = ", ".join(f"{row['class']} in {row['images']} {word}s" for row in images if row["images"])
    say(", ".join(f"{count} {what}" for what, count in counts.items()) + (f"; {seen}" if seen else ""))
    if unplaced:
        say(
            f"{unplaced} {word}s have a finding whose place is not known: their patches get no label. "
            "`deepminer cut RUN --whole WIDTHxHEIGHT` takes whole images, which need no places."
        )


def refuse_unseen_classes(images: list[dict[str, Any]], domain: Domain, source: Place) -> None:
    """BadInput where a class of another domain than the usual one has no image: nothing could be learned of it.

    A source of mammograms may lack one: many are of one class alone.
    """
    missing = [row["class"] for row in images if not row["images"]]
    if missing and domain != mammography():
        raise BadInput(
            f"No {domain.words.image} in {source} shows {', '.join(missing)}, which {domain.name} has as "
            f"class{'es' * (len(missing) > 1)}: leave out what is not there, or add images of it."
        )
