"""`annotate`: take in what experts, or the lesions' own keywords, say of the ranked units (Sec. 2.2)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from deepminer_ray import paper
from deepminer_ray.annotations import read_annotations
from deepminer_ray.errors import BadInput
from deepminer_ray.progress import say
from deepminer_ray.run import Run
from deepminer_ray.stages.partition import chosen_partitions
from deepminer_ray.survey.held import held

KEYWORDS_ANNOTATOR = "lesion keywords"
"""Names given without an expert, after the outlined lesions that a unit's top patches show."""
PATCHES_SHOWN = 16
SHARE_SHOWN = 0.25
"""Of a unit's first 16 top patches must show a lesion of the same keywords for these to be a name of it."""

SAID = pa.schema(
    [("place", pa.int32()), ("unit", pa.int32()), ("annotator", pa.string()), ("recognizable", pa.bool_())]
    + [(name, pa.string()) for name in ("phenomenon", "category", "terms", "association", "confidence")]
)


def annotate(
    run: Run, file: str | None = None, from_lesions: bool = False, partitions: Sequence[str] | None = None
) -> None:
    """Add to `annotation` what a csv or json file says, or names after the lesions that the top patches show.

    An answer that differs from the annotator's last becomes a new version; equal ones are left out. Explanations made
    from older names are dropped.
    """
    if (file is None) != from_lesions:
        raise BadInput("Say where the names come from: a csv or json FILE, or --from-lesions.")
    network = run.rows("probed_network")
    if not network or (from_lesions and not run.rows("ranked_count")[0]["units"]):
        raise BadInput(f"`annotate` needs `rank` first: run `deepminer rank {run.folder}`.")
    with held(run):
        run.fold()
        _annotate(run, network[0], file, partitions)


def _annotate(run: Run, network: dict[str, Any], file: str | None, partitions: Sequence[str] | None) -> None:
    with run.appending() as tables:
        if file is None:
            chosen = chosen_partitions(partitions, ["test"])
            said = tables.select("suggestion", shown=PATCHES_SHOWN, share=SHARE_SHOWN, partitions=chosen).to_pylist()
            said = [row | {"annotator": KEYWORDS_ANNOTATOR} for row in said]
        else:
            said = read_annotations(Path(file), network["units"])
        tables.connection.register(
            "said", pa.Table.from_pylist([row | {"place": place} for place, row in enumerate(said)], SAID)
        )
        now = datetime.now(UTC).replace(tzinfo=None)
        added = tables.select("annotation_new", checkpoint=network["checkpoint"], saved_at=now)
        if added.num_rows:
            tables.insert("annotation", added)
            tables.drop_from("explain")
        named = tables.select("named_count").to_pylist()[0]
    say(
        f"{added.num_rows} new answers; {named['named']} of {named['ranked']} ranked units are named "
        f"(in the paper {paper.NAMED} of {paper.RANKED * len(paper.CLASSES)})"
    )
