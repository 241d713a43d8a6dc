"""What workers do of `cut`: a film decoded, resized, and cut into patches (Sec. 2.1)."""

import json
from typing import Any, TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from deepminer_ray.domain import Looked
from deepminer_ray.errors import BadInput, Unreachable, reason
from deepminer_ray.files.location import Place, place
from deepminer_ray.patches.ahead import Pixels
from deepminer_ray.patches.breast import breast_shares
from deepminer_ray.patches.cover import filled_outline, overlaps
from deepminer_ray.patches.grid import grid_windows, patch_number, scan_window
from deepminer_ray.patches.region import Region, kept_region, read_mask, region_of
from deepminer_ray.patches.scan import framed
from deepminer_ray.patches.shard import write_patches, write_scan
from deepminer_ray.patches.whole import Framing, InputSize, letterboxed
from deepminer_ray.sources.fingerprint import refuse_changed
from deepminer_ray.sources.image import refuse_channels
from deepminer_ray.sources.kinds import SOURCE_KINDS
from deepminer_ray.workers.cluster import refuse_deadly
from deepminer_ray.workers.nodes import NO_REQUIREMENTS, NodeRequirements, refuse_unlike, refuse_unseen

BY_BREAST = Looked(region="breast")
"""How the paper looks at an image."""


class CutOutcome(TypedDict):
    """What came of cutting a film: a row of Ray Data, and so a dictionary.

    `reason` says why the film cannot be used; `stopped`, why none can for now: what was made of it could not be stored,
    the storage does not answer, or the node is not like the others. Both are empty where all went well. The digests
    are of what was written.
    """

    file: str
    scan_number: int
    patches: int
    reason: str
    stopped: str
    scan_digest: bytes
    patch_digest: bytes


def cut_scan(
    scan: dict[str, Any],
    folder: Place,
    side: int,
    breast: float,
    wanted: NodeRequirements = NO_REQUIREMENTS,
    looked: Looked = BY_BREAST,
    whole: InputSize | None = None,
) -> CutOutcome:
    """Decode a film, write it resized and write its patches, on a node that is as `wanted`.

    `breast` is the least share of a patch that its region has, whichever region the film's domain looks at. With
    `whole`, the width and height of an input, all of the film is its one patch.
    """
    cv2.setNumThreads(1)  # the task has one core, its neighbours the others
    outcome = CutOutcome(
        file=scan["file"],
        scan_number=scan["scan_number"],
        patches=0,
        reason="",
        stopped="",
        scan_digest=b"",
        patch_digest=b"",
    )
    try:
        refuse_unlike(wanted)
        refuse_deadly(scan["file"])
    except (BadInput, Unreachable) as error:
        return outcome | {"stopped": str(error)}
    try:
        refuse_changed(scan["file"], scan["fingerprint"])
        decoded = SOURCE_KINDS[scan["source_kind"]].pixels(scan)
        refuse_channels(scan["file"], decoded, looked.channels)
        framing = Framing(side, looked.patches_across, whole)
        resized = framed(decoded, framing)
        region = kept_region(resized, looked.region, _mask_of(scan))
        if whole is None:
            patches, pixels = _windows_of(scan, resized, region, framing, looked.places_per_patch, breast)
        else:
            patches, pixels = _whole_of(scan, resized, region, framing, whole)
    except Unreachable as error:
        return outcome | {"stopped": str(error)}
    except Exception as error:
        return _outcome_of_error(outcome, error, wanted)
    try:
        number = scan["scan_number"]
        of_scan = write_scan(folder / "scan", number, scan["scan"], resized, region)
        of_patches = write_patches(folder / "patch", number, patches, pixels)
    except (OSError, Unreachable) as error:
        return outcome | {"stopped": f"Patches cannot be stored: {error}: correct that and run the command again."}
    return outcome | {"patches": len(patches), "scan_digest": of_scan, "patch_digest": of_patches}


def _windows_of(
    scan: dict[str, Any], resized: Pixels, region: Region | None, framing: Framing, places: int, least: float
) -> tuple[list[dict[str, Any]], Pixels]:
    """Patches that have enough of the region, and their pixels [n, side, side] or in colour [n, side, side, 3]."""
    side, rows, columns = framing.side, scan["rows"], scan["columns"]
    height, width, *channels = resized.shape
    grid = grid_windows(width, height, side, places)
    shares = dict(zip(grid, breast_shares(region_of(resized, region), grid, side).tolist(), strict=True))
    kept = [window for window in grid if shares[window] >= least]
    windows = [scan_window(window, side, width, height, columns, rows, framing.across) for window in kept]
    overlap = lesion_overlaps(json.loads(scan["lesions"]), np.array(windows, np.int64).reshape(-1, 3))
    patches = [
        {"patch": patch_number(scan["scan_number"], window.index), "scan": scan["scan"], "x": x, "y": y, "size": size}
        | {"breast": shares[window], "overlap": lesions}
        for window, (x, y, size), lesions in zip(kept, windows, overlap, strict=True)
    ]
    pixels = np.zeros((len(kept), side, side, *channels), np.uint16)
    for row, window in enumerate(kept):
        pixels[row] = resized[window.y : window.y + side, window.x : window.x + side]
    return patches, pixels


def _whole_of(
    scan: dict[str, Any], resized: Pixels, region: Region | None, framing: Framing, size: InputSize
) -> tuple[list[dict[str, Any]], Pixels]:
    """The one patch that is all of a film, and its pixels [1, height, width] or in colour [1, height, width, 3]."""
    rows, columns = scan["rows"], scan["columns"]
    overlap = []
    for lesion in json.loads(scan["lesions"]):
        if area := int(_filled(lesion).sum()):
            overlap.append({"lesion": lesion["lesion"], "cover": area / (rows * columns), "within": 1.0})
    patch = {"patch": patch_number(scan["scan_number"], 0), "scan": scan["scan"], "x": 0, "y": 0}
    patch |= {"size": framing.whole_side(rows, columns), "breast": float(region_of(resized, region).mean())}
    return [patch | {"overlap": overlap}], letterboxed(resized, region, size)[np.newaxis]


def _mask_of(scan: dict[str, Any]) -> Region | None:
    """The mask that says where a film's region is; None where it has none."""
    of = scan.get("region")
    return None if of is None else read_mask(place(of["file"]), of["value"], scan["rows"], scan["columns"])


def _outcome_of_error(outcome: CutOutcome, error: Exception, wanted: NodeRequirements) -> CutOutcome:
    """A film that was not cut: it cannot be used, unless all of them are gone, such as with a disk."""
    try:
        refuse_unseen(wanted.seen)
    except (BadInput, Unreachable) as gone:
        return outcome | {"stopped": str(gone)}
    return outcome | {"reason": reason(error)}


def lesion_overlaps(lesions: list[dict[str, Any]], windows: np.ndarray[Any, Any]) -> list[list[dict[str, Any]]]:
    """For each window the lesions it meets, with the share of the window and of the lesion that they have in common."""
    per_window: list[list[dict[str, Any]]] = [[] for _ in windows]
    for lesion in lesions:
        if not lesion["outline"]:
            continue
        cover_and_within = overlaps(_filled(lesion), lesion["x"], lesion["y"], windows)
        for row, (cover, within) in enumerate(zip(*cover_and_within, strict=True)):
            if within > 0:
                per_window[row].append({"lesion": lesion["lesion"], "cover": float(cover), "within": float(within)})
    return per_window


def _filled(lesion: dict[str, Any]) -> NDArray[np.bool_]:
    """A lesion's pixels in its box; none where its place is not known."""
    if not lesion["outline"]:
        return np.zeros((0, 0), np.bool_)
    outline = [[(point["x"], point["y"]) for point in ring] for ring in lesion["outline"]]
    return filled_outline(outline, lesion["width"], lesion["height"], lesion["x"], lesion["y"])
