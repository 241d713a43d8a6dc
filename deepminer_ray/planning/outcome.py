"""A plan as it is shown: a table for people, rows for programs."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from deepminer_ray.planning.costs import Measured, PlannedStage, bytes_of_run, seconds_of_stages
from deepminer_ray.planning.counts import CountEstimate, Counts, Cut, PlannedScan, total

BYTE_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
SECONDS = ((3600.0, "h"), (60.0, "min"))
"""From twice so many on, numbers are shown in these units."""


@dataclass(frozen=True, slots=True)
class Line:
    """One prediction; `low` and `high` are its 95 % interval over the sampled patients, None where there is none."""

    name: str
    unit: str
    value: float
    low: float | None
    high: float | None
    workers: int | None = None
    memory: int | None = None
    """Bytes that one of the workers holds at most."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would take: how much of it there is, bytes by artefact, seconds by stage; and what that rests on."""

    counts: list[Line]
    artefacts: list[Line]
    stages: list[Line]
    rests_on: dict[str, Any]

    def rows(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


def outcome(
    counts: Counts,
    measured: Measured,
    scans: Sequence[PlannedScan],
    cuts: Sequence[Cut],
    rejected: int,
    epochs: int,
    batch: int,
) -> Plan:
    """Everything that follows from the sample: `scans` of which headers were read, `cuts` of those that were cut."""
    scale = measured.items / measured.read * len(cuts) / measured.tried
    scan_bytes = total(cuts, lambda cut: cut.scan_bytes, lambda scan: scan.stored, scans, scale)
    patch_bytes = total(cuts, lambda cut: cut.patch_bytes, lambda scan: scan.places, scans, scale)
    of_run, fixed = (
        bytes_of_run(counts, measured),
        CountEstimate(measured.checkpoint, measured.checkpoint, measured.checkpoint),
    )
    figures = CountEstimate(*[counts.explained * measured.figure] * 3)
    artefacts = {"RUN/scan": scan_bytes, "RUN/patch": patch_bytes, "RUN/run.duckdb": of_run}
    artefacts |= {"RUN/checkpoint": fixed.times(2), "RUN/figures": figures}
    stages = seconds_of_stages(counts, measured, cuts, scans, epochs, batch)
    numbers = {"images": counts.scans, "patches": counts.patches, "patches to train on": counts.trained}
    numbers |= {"patches to validate on": counts.validated, "patches to probe": counts.probed}
    numbers |= {"images to probe": _exact(counts.probed_scans), "images to explain": _exact(counts.explained)}
    return Plan(
        [_line_of_estimate(name, "", estimate) for name, estimate in numbers.items()],
        [_line_of_estimate(name, "bytes", estimate) for name, estimate in artefacts.items()],
        [_of_stage(stage) for stage in stages],
        {
            "items": measured.items,
            "headers_read": measured.read,
            "films_cut": measured.tried,
            "films_unusable": measured.tried - len(cuts),
            "headers_rejected": rejected,
            "patients_cut": len({cut.scan.patient for cut in cuts}),
            "cpus": measured.cpus,
            "network_measured": measured.pace.measured,
        },
    )


def _exact(value: float) -> CountEstimate:
    return CountEstimate(value, value, value)


def _line_of_estimate(name: str, unit: str, estimate: CountEstimate) -> Line:
    low, high = (None if math.isnan(bound) else bound for bound in (estimate.low, estimate.high))
    return Line(name, unit, estimate.value, low, high)


def _of_stage(stage: PlannedStage) -> Line:
    line = _line_of_estimate(stage.stage, "s", stage.seconds)
    return Line(line.name, line.unit, line.value, line.low, line.high, stage.workers, stage.memory)


def table(plan: Plan) -> str:
    """The plan in plain lines: a number, its interval, and what it rests on."""
    known = plan.rests_on
    heads = "all" if known["headers_read"] == known["items"] else f"{known['headers_read']:,} of"
    lines = [
        f"From {heads} {known['items']:,} headers and {known['films_cut']} images of {known['patients_cut']} patients "
        "that were cut here; in brackets 95 % intervals over these patients."
    ]
    for bad, what in (("headers_rejected", "read"), ("films_unusable", "cut")):
        if known[bad]:
            lines.append(f"{known[bad]} of them cannot be {what}, and as large a share of the others is left out.")
    lines += ["", *_aligned([[line.name, _value_with_interval(line)] for line in plan.counts + plan.artefacts])]
    head = ["stage", "time", "workers", "memory of one"]
    body = [
        [
            line.name,
            _value_with_interval(line),
            str(line.workers),
            "" if line.memory is None else _number_with_unit(line.memory, "bytes"),
        ]
        for line in plan.stages
    ]
    seconds = sum(line.value for line in plan.stages)
    lines += ["", *_aligned([head, *body, ["all", _number_with_unit(seconds, "s"), "", ""]])]
    if not known["network_measured"]:
        lines += [
            "",
            "Ray sees no GPU here: train and probe were NOT measured but estimated from the network's operations.",
        ]
    return "\n".join(lines)


def _aligned(cells: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _value_with_interval(line: Line) -> str:
    text = _number_with_unit(line.value, line.unit)
    if line.low is None or line.high is None:
        return f"{text} (no interval from one patient)"
    if line.low == line.high:
        return text
    return f"{text} ({_number_with_unit(line.low, line.unit)} to {_number_with_unit(line.high, line.unit)})"


def _number_with_unit(value: float, unit: str) -> str:
    """A number as people read it."""
    scales = {"bytes": BYTE_UNITS, "s": SECONDS}.get(unit, ())
    for size, name in scales:
        if value >= (2 * size if unit == "s" else size):
            return f"{value / size:,.1f} {name}"
    return f"{value:,.0f} {unit}".rstrip()
