"""How the scans of a run are stored: what `cut` was told, and what the run's domain says."""

import json

from deepminer_ray.database.run import Run
from deepminer_ray.patches.whole import Framing


def framing_of(run: Run) -> Framing | None:
    """How a run's scans are stored; None before `cut`."""
    cut = run.rows("cut_side")
    if not cut:
        return None
    whole = json.loads(cut[0]["whole"] or "null")
    return Framing(cut[0]["side"], run.domain.looked.patches_across, whole and (whole[0], whole[1]))
