"""`catalog`: what the source holds, from headers alone."""

import time
from dataclasses import asdict
from functools import partial
from typing import Any

import pyarrow as pa

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput, Unreachable, reason
from deepminer_ray.files.location import Place, place, resolved
from deepminer_ray.option import takes
from deepminer_ray.options import CatalogOptions
from deepminer_ray.patches.cover import filled_outline
from deepminer_ray.progress.bars import progress, say
from deepminer_ray.progress.running import Running
from deepminer_ray.sources.fingerprint import fingerprint
from deepminer_ray.sources.kinds import SOURCE_KINDS, SourceKind, kind_of_source
from deepminer_ray.sources.rows import Case, Rejected
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
    + [("fingerprint", pa.string())]
    + [(name, pa.int32()) for name in ("rows", "columns", "bits", "density", "age")]
    + [("resolution", pa.float64())]
)
LESION = pa.schema(
    [(name, pa.string()) for name in ("lesion", "scan", "pathology", "lesion_type", "shape", "margins")]
    + [(name, pa.string()) for name in ("calcification_type", "distribution", "report")]
    + [(name, pa.int32()) for name in ("abnormality", "assessment", "subtlety", "x", "y", "width", "height", "area")]
    + [("outline", pa.list_(pa.list_(POINT)))]
)
REJECTED = pa.schema([(name, pa.string()) for name in ("file", "reason")])
REPAIR = pa.schema([(name, pa.string()) for name in ("file", "what")])

FOUND = pa.schema(
    [
        (name, pa.list_(pa.struct(list(schema))))
        for name, schema in (("scans", SCAN), ("lesions", LESION), ("rejected", REJECTED), ("repairs", REPAIR))
    ]
    + [("stopped", pa.string())]
)


def read_cases(
    items: dict[str, Any], source_kind: str, source: str, wanted: NodeRequirements = NO_REQUIREMENTS
) -> pa.Table:
    """What a batch of items of a source holds, one row an item; `stopped` says why it cannot be read for now.

    Whatever a reader raises stays with its item, which is then rejected.
    """
    try:
        refuse_unlike(wanted)
        refuse_deadly(str(next(iter(items.values()))[0]))
        return pa.Table.from_pylist(_read_cases(items, SOURCE_KINDS[source_kind], place(source), wanted), FOUND)
    except (BadInput, Unreachable) as error:
        return pa.Table.from_pylist([{"stopped": str(error)}], FOUND)


def _read_cases(
    items: dict[str, Any], kind: SourceKind, source: Place, wanted: NodeRequirements
) -> list[dict[str, Any]]:
    names = list(items)
    cases = []
    for values in zip(*items.values(), strict=True):
        item = dict(zip(names, values, strict=True))
        try:
            row = _row(kind.case(source, item))
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
        lesion["area"] = int(filled_outline(lesion["outline"], *box).sum())
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
    ray: Any, items: list[dict[str, Any]], source_kind: str, source: Place, name: str, running: Running | None = None
) -> pa.Table:
    """What items of a source hold, one row an item, read by Ray's workers; BadInput where it cannot be read for now."""
    wanted = check_nodes(ray, VisiblePath(source))
    listed = ray.data.from_items(items, override_num_blocks=blocks(ray, len(items)))
    read_rows = listed.map_batches(
        partial(read_cases, source_kind=source_kind, source=str(source), wanted=wanted),
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
    """Fill `scan`, `lesion`, `rejected` and `repair` from a directory of mammograms."""
    directory = resolved(options.source)
    kind = kind_of_source(directory, options.source_kind)
    parameters = options.stored() | {"source": str(directory), "source_kind": kind.name}
    if run.finished("catalog", parameters, options.again):
        return
    started = time.time()
    items = kind.items(directory)
    if not items:
        raise BadInput(f"{directory} holds no mammograms: give the folder that does.")
    ray = connect()
    with Running(run.folder, "catalog", len(items), "cases or rows") as running:
        cases = found_cases(ray, items, kind.name, directory, f"catalog {run.name}", running)
    with run.finishing("catalog", parameters, started) as tables:
        tables.apply("add_fingerprint")
        tables.connection.register("found", cases)
        for table in ("scan", "lesion", "rejected", "repair"):
            tables.fill(table, f"found_{table}")
        counts = tables.select("catalog_count").to_pylist()[0]
        if not counts["scans"]:
            first = cases["rejected"].combine_chunks().flatten().to_pylist()[0]
            raise BadInput(
                f"{directory} holds no mammogram that can be read, for example {first['file']}: {first['reason']}"
            )
    say(", ".join(f"{count} {what}" for what, count in counts.items()))
