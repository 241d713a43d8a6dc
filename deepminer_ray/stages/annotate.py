"""`annotate`: take in what experts, or the lesions' own keywords, say of the ranked units (Sec. 2.2)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from deepminer_ray import paper
from deepminer_ray.annotation.exchange import read_annotations
from deepminer_ray.database.lock import ANNOTATE, held
from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import Tables
from deepminer_ray.errors import BadInput
from deepminer_ray.option import takes
from deepminer_ray.options import AnnotateOptions
from deepminer_ray.progress.bars import say
from deepminer_ray.stages.partition import chosen_partitions
from deepminer_ray.units.contrast import LEAST_PATIENTS

KEYWORDS_ANNOTATOR = "lesion keywords"
"""Names given without an expert, after the outlined lesions that a unit's top patches show."""
PATCHES_SHOWN = 16
SHARE_SHOWN = 0.25
"""Of a unit's first 16 top patches must show a lesion of the same keywords for these to be a name of it."""

CONTRAST, FREQUENT = "contrast", "frequent"
NAMINGS = (CONTRAST, FREQUENT)
"""By what a unit tells from other findings, or by what its top patches show."""

SAID = pa.schema(
    [("place", pa.int32()), ("unit", pa.int32()), ("annotator", pa.string()), ("recognizable", pa.bool_())]
    + [(name, pa.string()) for name in ("phenomenon", "category", "terms", "association", "confidence")]
)


@takes(AnnotateOptions)
def annotate(run: Run, options: AnnotateOptions) -> None:
    """Add to `annotation` what a csv or json file says, or names after the lesions' keywords.

    `naming` by `contrast`: the terms that a unit tells from other findings; by `frequent`: what its top patches show.

    An answer that differs from the annotator's last becomes a new version; equal ones are left out. Explanations made
    from older names are dropped.
    """
    naming, from_lesions = options.naming, options.from_lesions
    if (options.annotations is None) != from_lesions:
        raise BadInput("Say where the names come from: a csv or json FILE, or --from-lesions.")
    if naming not in NAMINGS:
        raise BadInput(f"There is no naming {naming!r}: use {' or '.join(NAMINGS)}.")
    network = run.rows("probed_network")
    if not network or (from_lesions and not run.rows("ranked_count")[0]["units"]):
        raise BadInput(f"`annotate` needs `rank` first: run `deepminer rank {run.folder}`.")
    with held(run, ANNOTATE):
        run.fold()
        _annotate(run, network[0], options)


def _annotate(run: Run, network: dict[str, Any], options: AnnotateOptions) -> None:
    file, naming = options.annotations, options.naming
    with run.appending() as tables:
        if file is None:
            said = _from_lesions(tables, naming, options.partitions)
        else:
            said = read_annotations(Path(file), network["units"])
        tables.connection.register(
            "said", pa.Table.from_pylist([row | {"place": number} for number, row in enumerate(said)], SAID)
        )
        now = datetime.now(UTC).replace(tzinfo=None)
        added = tables.select("annotation_new", checkpoint=network["checkpoint"], saved_at=now)
        if added.num_rows:
            tables.insert("annotation", added)
            tables.drop_from("explain")
        named = tables.select("named_count").to_pylist()[0]
    if file is None and naming == CONTRAST:
        _say_what_is_left_out(run)
    domain = run.domain
    in_paper = f" (in the paper {paper.NAMED} of {paper.RANKED * len(domain.classes)})" if domain.of_paper else ""
    say(f"{added.num_rows} new answers; {named['named']} of {named['ranked']} ranked units are named{in_paper}")


def _from_lesions(tables: Tables, naming: str, partitions: Sequence[str] | None) -> list[dict[str, Any]]:
    """The answers that the lesions' keywords give."""
    (ranked,) = tables.select("report/partition").to_pylist()
    chosen = chosen_partitions(partitions, ranked["partitions"] if naming == CONTRAST else ["test"])
    if naming == FREQUENT:
        said = tables.select("suggestion", shown=PATCHES_SHOWN, share=SHARE_SHOWN, partitions=chosen)
    elif sorted(chosen) == sorted(ranked["partitions"]):
        said = tables.select("contrast_name")
    else:
        raise BadInput(
            f"Names by contrast are of the patches that ranked the units, those of {' and '.join(ranked['partitions'])}"
            f": leave --partitions out, or give it to `rank` with --again."
        )
    return [row | {"annotator": KEYWORDS_ANNOTATOR} for row in said.to_pylist()]


def _say_what_is_left_out(run: Run) -> None:
    """Which terms could not be told from others, and that none could."""
    (ranked,) = run.rows("report/partition")
    few = run.rows("contrast_left_out", partitions=ranked["partitions"])
    if few:
        terms = ", ".join(f"{row['concept']} ({row['patients']})" for row in few)
        say(f"left out, as fewer than {LEAST_PATIENTS} patients show them or all others do: {terms}")
    if not run.rows("contrast_count")[0]["concepts"]:
        say("no keyword of the lesions is shown by enough patients to be told from others: no unit has a name")
