"""`explain --image`: your own image, which no run has seen, explained like those of a run (Sec. 2.3)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepminer_ray.database.framing import framing_of
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.explanations.case import record, write_record
from deepminer_ray.explanations.figure import Decision, DrawnScan, draw_explanation
from deepminer_ray.network.checkpoint import content, read
from deepminer_ray.network.explanation import Called, Concept, Explained, concepts, explained, shown_maps
from deepminer_ray.network.probe import Probe
from deepminer_ray.paper import TOP
from deepminer_ray.patches.scan import OwnScan, own_image
from deepminer_ray.patches.whole import Framing
from deepminer_ray.progress.bars import say
from deepminer_ray.sources.dicom_grey import Reading
from deepminer_ray.stages.explain import called_units, say_if_unnamed
from deepminer_ray.stages.probe import how_probed

UNKNOWN = "unknown"


def explain_images(run: Run, files: Sequence[Path], pdf: bool = False) -> None:
    """Draw and record each image under `RUN/figures/`; nothing enters the run's tables.

    An image that cannot be explained is said in a sentence and the rest goes on; BadInput at the end.
    """
    run.finished("explain", {}, again=True)
    how = how_probed(run)
    checkpoint = read(content(how.checkpoint, how.hash), how.checkpoint)
    probe = Probe(checkpoint, half=how.half)
    called = called_units(run)
    say_if_unnamed(run)
    framing = framing_of(run) or Framing(checkpoint.side)
    (said,) = run.rows("reading_of_run")
    refused = []
    for file in files:
        try:
            own = own_image(file, framing, run.domain.looked, Reading.of(said), said["unit"])
            _explain(run, probe, own, called, file, [".png", ".pdf"] if pdf else [".png"])
        except BadInput as error:
            refused.append(str(error))
    if refused and len(files) > 1:
        for sentence in refused:
            say(sentence)
        raise BadInput(f"{len(refused)} of {len(files)} images cannot be explained.")
    if refused:
        raise BadInput(refused[0])


def _explain(
    run: Run, probe: Probe, own: OwnScan, called: dict[int, Called], file: Path, suffixes: Sequence[str]
) -> None:
    words = run.domain.words
    for oddity in own.oddities:
        say(oddity)
    one = explained(probe, own.pixels, own.region)
    classes = probe.network.classes
    case: dict[str, Any] = {
        "scan": file.name,
        "patient": None,
        "report": "",
        "assessment": None,
        "subtlety": None,
        "truth": None,
        "error": None,
        "decided": classes[one.decided],
        "probabilities": dict(zip(classes, one.probability.tolist(), strict=True)),
        "rows": own.rows,
        "columns": own.columns,
    }
    units, by_name = _influential_units(probe, one, called), concepts(one, called)
    said = words.image, words.region, words.finding
    out = run.folder / "figures" / f"image-{file.stem}"
    out.parent.mkdir(parents=True, exist_ok=True)
    for suffix in suffixes:
        draw_explanation(
            out.with_name(out.name + suffix),
            DrawnScan(file.name, own.pixels, [], "", None, None, own.region, said),
            Decision(UNKNOWN, case["decided"], float(one.probability[one.decided])),
            one.class_activation_map(),
            shown_maps(one, by_name),
            probe.last_geometry,
            suffix,
        )
    height, width = own.pixels.shape[:2]
    write_record(
        out.with_name(out.name + ".json"),
        record(case, units, (width, height), _concepts(probe, by_name, case, (width, height))),
    )
    say(", ".join(str(out) + suffix for suffix in (*suffixes, ".json")))


def _influential_units(probe: Probe, one: Explained, called: dict[int, Called]) -> list[dict[str, Any]]:
    """Rows as of `case_unit`: the most influential units towards the decided class."""
    shares = one.shares()
    where = probe.last_geometry
    units = []
    for rank, unit in enumerate(one.order()[:TOP].tolist(), 1):
        y, x = divmod(int(one.maps[unit].argmax()), one.maps.shape[2])
        units.append(
            {
                "unit": unit,
                "rank": rank,
                "phenomenon": called[unit].phenomenon if unit in called and called[unit].named else None,
                "influence": float(one.influence[unit]),
                "contribution": float(one.contribution[unit]),
                "share": None if shares[unit] != shares[unit] else float(shares[unit]),
                "peak_x": where.offset + x * where.stride + 0.5,
                "peak_y": where.offset + y * where.stride + 0.5,
            }
        )
    return units


def _concepts(
    probe: Probe, by_name: Sequence[Concept], case: dict[str, Any], size: tuple[int, int]
) -> list[dict[str, Any]]:
    """Rows as of `case_concept`: units of one name together, and where their map peaks in px of the image."""
    where, rows = probe.last_geometry, []
    for concept in by_name:
        y, x = divmod(int(concept.map.argmax()), concept.map.shape[1])
        across, down = (where.offset + cell * where.stride + 0.5 for cell in (x, y))
        rows.append(
            {
                "phenomenon": concept.phenomenon,
                "named": concept.named,
                "units": concept.units,
                "contribution": concept.contribution,
                "share": None if concept.share != concept.share else concept.share,
                "x": round(across / size[0] * case["columns"]),
                "y": round(down / size[1] * case["rows"]),
            }
        )
    return rows
