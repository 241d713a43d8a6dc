"""The rows that a network's answers become: one table of Arrow rows for each table of the run (Secs. 2.2, 2.3)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.network.appearance import network_input
from deepminer_ray.network.backbone import Network
from deepminer_ray.network.checkpoint import Checkpoint
from deepminer_ray.network.geometry import LAYER, LayerAndLast, geometry
from deepminer_ray.network.response import Responses, answer, histogram, probabilities, reduced
from deepminer_ray.patches.ahead import Pixels
from deepminer_ray.patches.breast import breast_mask, without_labels
from deepminer_ray.patches.region import Region
from deepminer_ray.patches.shard import StoredScan
from deepminer_ray.units.dissection import LesionPixels, concept_masks, pixels_above

PATCHES_AT_ONCE = 16

ProbeTables = dict[str, pa.Table]


class Probe:
    """A network that answers; torch's threads are fixed, so any number of workers gives the same values.

    What it is asked about arrives as films, each with its pixels: patches [n, side, side], or the film [height, width]
    with its region, in density units, as `ahead` reads them. In colour pixels have three values.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        threads: int = 1,
        layer: str = LAYER,
        half: bool = False,
        device: str = "cpu",
    ):
        torch.set_num_threads(threads)
        torch.backends.cudnn.allow_tf32 = False  # or single precision on a GPU would not be what it says
        self.network = checkpoint.network.to(device).to(memory_format=torch.channels_last)
        self.normalisation = checkpoint.normalisation
        self.layer = LayerAndLast(self.network.features, layer) if layer != LAYER else None
        self.last_geometry = geometry(self.network.features)
        self.geometry = geometry(self.network.features, layer)
        self.half, self.device = half, device

    def image(self, density: Pixels) -> torch.Tensor:
        return network_input(torch.from_numpy(density).to(self.device, non_blocking=True), self.normalisation)

    @torch.inference_mode()
    def respond(self, image: torch.Tensor) -> tuple[Responses, Responses]:
        """Responses of the probed layer and of the last, one and the same where the last is probed.

        With `half` the features are computed in half precision, what is kept of their maps never is.
        """
        with torch.autocast(self.device, torch.float16, enabled=self.half):
            maps, last = (None, self.network.features(image)) if self.layer is None else self.layer(image)
        of_last = reduced(last.float())
        return (of_last if maps is None else reduced(maps.float())), of_last

    def patches(self, scans: Iterable[tuple[tuple[int, Sequence[int]], Pixels]]) -> ProbeTables:
        """`activation`, `prediction` and `histogram` of the patches of some films, each (scan_number, patches)."""
        activation, prediction = [], []
        counts: NDArray[np.int64] | int = 0
        for chosen, pixels in _at_once(scans):
            responses, last = self.respond(self.image(pixels))
            _refuse_infinite("patch", chosen, responses, last)
            keys = pa.array(chosen, pa.int64())
            activation.append(_unit_rows("patch", keys, responses))
            prediction.append(_class_rows(self.network, "patch", keys, probabilities(self.network, last)))
            counts = counts + histogram(responses.maps)
        counts = np.asarray(counts)
        unit, level = counts.nonzero()
        filled = pa.table({"unit": unit.astype(np.int32), "bin": level.astype(np.int32), "count": counts[unit, level]})
        return {
            "activation": pa.concat_tables(activation),
            "prediction": pa.concat_tables(prediction),
            "histogram": filled,
        }

    def scan_responses(
        self, pixels: Pixels, region: Region | None = None
    ) -> tuple[Responses, Responses, NDArray[np.bool_]]:
        """What `respond` says of a stored film, and which cells of the last layer's maps are centred on its region.

        It is one fully convolutional pass over the whole image. Without a region that is the breast, and what lies
        away from it is air.
        """
        if region is None:
            region = breast_mask(pixels)
            pixels = without_labels(pixels, region)
        elif not pixels.flags.writeable:
            pixels = pixels.copy()  # torch takes no part of what Arrow holds
        responses, last = self.respond(self.image(pixels[np.newaxis]))
        return responses, last, self._cells(region, last)

    def scans(self, scans: Iterable[tuple[tuple[str, int], StoredScan]]) -> ProbeTables:
        """What `scan` says of some whole images, each (scan, scan_number)."""
        answers = [self.scan(scan, *stored) for (scan, _), stored in scans]
        return {table: pa.concat_tables([rows[table] for rows in answers]) for table in answers[0]}

    def scan(self, scan: str, pixels: Pixels, region: Region | None = None) -> ProbeTables:
        """`response`, `scan_prediction` and, of the last layer, `evidence` of a whole image, a stored film."""
        responses, last, breast = self.scan_responses(pixels, region)
        _refuse_infinite("scan", [scan], responses, last)
        decided = answer(self.network, last.maps, breast)
        name = pa.array([scan])
        tables = {
            "response": _unit_rows("scan", name, responses),
            "scan_prediction": _class_rows(self.network, "scan", name, decided.probability[np.newaxis]),
        }
        if self.layer is not None:
            return tables
        evidence = [last.maps[0, :, y, x].cpu().numpy() for y, x in decided.cells]
        units = np.arange(self.network.units, dtype=np.int32)
        of_classes = (
            pa.table({"scan": [scan] * len(units), "class": [label] * len(units), "unit": units, "activation": values})
            for label, values in zip(self.network.classes, evidence, strict=True)
        )
        return tables | {"evidence": pa.concat_tables(of_classes)}

    def _cells(self, mask: NDArray[np.bool_], last: Responses) -> NDArray[np.bool_]:
        """Which cells of the last layer's maps are centred on what a mask of the film shows."""
        height, width = last.maps.shape[2:]
        where = self.last_geometry
        rows, columns = (
            np.clip(np.rint(where.offset + np.arange(cells) * where.stride), 0, pixels - 1).astype(int)
            for cells, pixels in ((height, mask.shape[0]), (width, mask.shape[1]))
        )
        inside: NDArray[np.bool_] = mask[np.ix_(rows, columns)]
        return inside

    def maps(self, scans: Iterable[tuple[tuple[int, Sequence[int], Sequence[Sequence[int]]], Pixels]]) -> ProbeTables:
        """`unit_map`: maps of chosen units on chosen patches; a film is (scan_number, patches, units of each)."""
        rows: list[dict[str, object]] = []
        for (_, chosen, units), pixels in scans:
            for patch, wanted, image in zip(chosen, units, pixels, strict=True):
                maps = self.respond(self.image(image[np.newaxis]))[0].maps[0]
                rows += [
                    {"patch": patch, "unit": unit, "map": maps[unit].flatten().half().float().tolist()}
                    for unit in wanted
                ]
        return {"unit_map": pa.Table.from_pylist(rows, MAP)}

    def maxima(self, scans: Iterable[tuple[tuple[int, Sequence[int]], Pixels]], units: Sequence[int]) -> ProbeTables:
        """`unseen`: the maxima of chosen units on the patches of some films, each (scan_number, patches)."""
        wanted, rows = np.array(units, np.int32), []
        for chosen, pixels in _at_once(scans):
            maximum = self.respond(self.image(pixels))[0].maximum[:, wanted]
            of_patch = np.repeat(np.array(chosen, np.int64), len(wanted))
            columns = {"patch": of_patch, "unit": np.tile(wanted, len(chosen)), "maximum": maximum.ravel()}
            rows.append(pa.table(columns))
        return {"unseen": pa.concat_tables(rows)}

    def dissection(self, scans: Iterable[tuple[dict[str, Any], Pixels]], thresholds: Sequence[float]) -> ProbeTables:
        """`unit_pixels`, `concept_pixels`, `common_pixels`: where units exceed their thresholds, and lesions lie.

        A scan is a row of `dissected_scan`; thresholds [units]. Pixels are those of the network's input.
        """
        least = np.array(thresholds, np.float32)
        above = np.zeros(len(least), np.int64)
        outlined: dict[str, int] = {}
        common: dict[str, NDArray[np.int64]] = {}
        for scan, pixels in scans:
            lesions = [LesionPixels(lesion) for lesion in scan["lesions"]]
            chosen, side = scan["patches"], pixels.shape[1]
            for start in range(0, len(chosen), PATCHES_AT_ONCE):
                part = slice(start, start + PATCHES_AT_ONCE)
                maps = self.respond(self.image(pixels[part]))[0].maps.cpu()
                for patch, of_patch in zip(chosen[part], maps.numpy(), strict=True):
                    masks = concept_masks(lesions, patch, side)
                    stacked = np.array(list(masks.values()), np.bool_).reshape(-1, side, side)
                    over, both = pixels_above(np.ascontiguousarray(of_patch), least, self.geometry, stacked)
                    above += over
                    for concept, mask, count in zip(masks, stacked, both.T, strict=True):
                        outlined[concept] = outlined.get(concept, 0) + int(mask.sum())
                        common[concept] = common.get(concept, 0) + count
        return _pixel_rows(above, outlined, common)


MAP = pa.schema([("patch", pa.int64()), ("unit", pa.int32()), ("map", pa.list_(pa.float32()))])


def _at_once(
    scans: Iterable[tuple[tuple[int, Sequence[int]], Pixels]],
) -> Iterator[tuple[list[int], Pixels]]:
    """Patches and their pixels, as many as the network takes at once whatever the film; the last may be fewer."""
    waiting: list[int] = []
    pixels: list[Pixels] = []
    for (_, chosen), read in scans:
        waiting.extend(chosen)
        pixels.append(read)
        if len(waiting) < PATCHES_AT_ONCE:
            continue
        joined = np.concatenate(pixels)
        full = len(waiting) // PATCHES_AT_ONCE * PATCHES_AT_ONCE
        for start in range(0, full, PATCHES_AT_ONCE):
            part = slice(start, start + PATCHES_AT_ONCE)
            yield waiting[part], joined[part]
        waiting, pixels = waiting[full:], [joined[full:]]
    if waiting:
        yield waiting, np.concatenate(pixels)


def _refuse_infinite(key: str, keys: Sequence[object], *layers: Responses) -> None:
    """BadInput where a unit answers NaN or infinity: the mean of a map is finite only if all its cells are."""
    wrong = ~np.all([np.isfinite(responses.mean).all(1) for responses in layers], axis=0)
    if wrong.any():
        raise BadInput(
            f"The network answers {key} {keys[int(wrong.argmax())]} with NaN or infinity: "
            "its weights are broken, or half precision is too narrow for them: train it again, give another "
            "--checkpoint or leave --half out."
        )


def _pixel_rows(
    above: NDArray[np.int64], outlined: dict[str, int], common: dict[str, NDArray[np.int64]]
) -> ProbeTables:
    units = np.arange(len(above), dtype=np.int32)
    names, counts = pa.array(outlined, pa.string()), pa.array(outlined.values(), pa.int64())
    return {
        "unit_pixels": pa.table({"unit": units, "pixels": above}),
        "concept_pixels": pa.table({"concept": names, "pixels": counts}),
        "common_pixels": pa.table(
            {
                "unit": np.tile(units, len(common)),
                "concept": pa.array(np.repeat(list(common), len(units)).tolist(), pa.string()),
                "pixels": pa.array([int(count) for counts in common.values() for count in counts], pa.int64()),
            }
        ),
    }


def _unit_rows(key: str, keys: pa.Array, responses: Responses) -> pa.Table:
    rows, units = responses.maximum.shape
    owner = keys.take(pa.array(np.repeat(np.arange(rows), units)))
    return pa.table(
        {
            key: owner,
            "unit": np.tile(np.arange(units, dtype=np.int32), rows),
            "maximum": responses.maximum.ravel(),
            "mean": responses.mean.ravel(),
            "peak_x": responses.peak_x.ravel(),
            "peak_y": responses.peak_y.ravel(),
        }
    )


def _class_rows(network: Network, key: str, keys: pa.Array, probability: NDArray[np.float64]) -> pa.Table:
    rows, classes = np.indices(probability.shape)
    return pa.table(
        {
            key: keys.take(pa.array(rows.ravel())),
            "class": pa.array(network.classes).take(pa.array(classes.ravel())),
            "probability": probability.ravel(),
        }
    )
