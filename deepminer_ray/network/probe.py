"""The rows that a network's answers become: one table of Arrow rows for each table of the run (Secs. 2.2, 2.3)."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.network.appearance import network_input
from deepminer_ray.network.backbone import Network
from deepminer_ray.network.checkpoint import Checkpoint
from deepminer_ray.network.geometry import LAYER, LayerToo, geometry
from deepminer_ray.network.response import Responses, answer, histogram, probabilities, reduced
from deepminer_ray.patches.breast import breast_mask, without_labels
from deepminer_ray.patches.shard import read_patches, read_scan, shard
from deepminer_ray.place import Place
from deepminer_ray.units.dissection import Lesion, concept_masks, pixels_above

PATCHES_AT_ONCE = 16

Tables = dict[str, pa.Table]
Film = TypeVar("Film")


class Probe:
    """A network and the run's pixels; torch's threads are fixed, so any number of workers gives the same values."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        folder: Place,
        threads: int = 1,
        layer: str = LAYER,
        half: bool = False,
        device: str = "cpu",
    ):
        torch.set_num_threads(threads)
        torch.backends.cudnn.allow_tf32 = False  # or single precision on a GPU would not be what it says
        self.network = checkpoint.network.to(device).to(memory_format=torch.channels_last)
        self.normalisation = checkpoint.normalisation
        self.layer = LayerToo(self.network.features, layer) if layer != LAYER else None
        self.last_geometry = geometry(self.network.features)
        self.geometry = geometry(self.network.features, layer)
        self.half, self.device = half, device
        self.seconds_waiting = 0.0
        self.folder = folder

    def image(self, density: NDArray[np.uint16]) -> torch.Tensor:
        return network_input(density, self.normalisation).to(self.device)

    @torch.inference_mode()
    def respond(self, image: torch.Tensor) -> tuple[Responses, Responses]:
        """Responses of the probed layer and of the last, one and the same where the last is probed.

        With `half` the features are computed in half precision, what is kept of their maps never is.
        """
        with torch.autocast(self.device, torch.float16, enabled=self.half):
            maps, last = (None, self.network.features(image)) if self.layer is None else self.layer(image)
        of_last = reduced(last.float())
        return (of_last if maps is None else reduced(maps.float())), of_last

    def patches(self, films: Sequence[tuple[int, Sequence[int]]]) -> Tables:
        """`activation`, `prediction` and `histogram` of the patches of some films, each (scan_number, patches)."""
        return self.answers(self._at_once(films))

    def answers(self, batches: Iterable[tuple[Sequence[int], NDArray[np.uint16]]]) -> Tables:
        """`activation`, `prediction` and `histogram` of batches of patches and their pixels [n, side, side]."""
        activation, prediction = [], []
        counts: NDArray[np.int64] | int = 0
        for chosen, pixels in batches:
            responses, last = self.respond(self.image(pixels))
            _refuse_infinite("patch", chosen, responses)
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

    def _at_once(self, films: Sequence[tuple[int, Sequence[int]]]) -> Iterator[tuple[list[int], NDArray[np.uint16]]]:
        """Patches and their pixels, as many as the network takes at once whatever the film; the last may be fewer."""
        waiting: list[int] = []
        pixels: list[NDArray[np.uint16]] = []
        for (_, chosen), read in self._ahead(films, lambda film: self._read_patches(*film)):
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

    def _ahead(
        self, films: Iterable[Film], read: Callable[[Film], NDArray[np.uint16]]
    ) -> Iterator[tuple[Film, NDArray[np.uint16]]]:
        """Films with what is read of each; the next is read while the network answers this one."""
        with ThreadPoolExecutor(1) as reader:
            begun = ((film, reader.submit(read, film)) for film in films)
            coming = next(begun, None)
            while coming:
                film, reading = coming
                started = time.perf_counter()
                pixels = reading.result()
                self.seconds_waiting += time.perf_counter() - started
                coming = next(begun, None)
                yield film, pixels

    def _read_patches(self, scan_number: int, chosen: Sequence[int]) -> NDArray[np.uint16]:
        return read_patches(shard(self.folder / "patch", scan_number), chosen)

    def film_responses(self, film: NDArray[np.uint16]) -> tuple[Responses, Responses, NDArray[np.bool_]]:
        """What `respond` says of a stored film, and which cells of the last layer's maps are centred on breast tissue.

        It is one fully convolutional pass over the whole mammogram.
        """
        breast = breast_mask(film)
        responses, last = self.respond(self.image(without_labels(film, breast)[np.newaxis]))
        return responses, last, self._cells(breast, last)

    def scans(self, films: Sequence[tuple[str, int]]) -> Tables:
        """What `scan` says of some whole mammograms, each (scan, scan_number)."""
        read = self._ahead(films, lambda film: read_scan(self.folder / "scan", film[1]))
        answers = [self.scan(scan, film) for (scan, _), film in read]
        return {table: pa.concat_tables([rows[table] for rows in answers]) for table in answers[0]}

    def scan(self, scan: str, film: NDArray[np.uint16]) -> Tables:
        """`response`, `scan_prediction` and, of the last layer, `evidence` of a whole mammogram, a stored film."""
        responses, last, breast = self.film_responses(film)
        _refuse_infinite("scan", [scan], responses)
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

    def maps(self, films: Sequence[tuple[int, Sequence[int], Sequence[Sequence[int]]]]) -> Tables:
        """`unit_map`: maps of chosen units on chosen patches; a film is (scan_number, patches, units of each)."""
        rows: list[dict[str, object]] = []
        for (_, chosen, units), pixels in self._ahead(films, lambda film: self._read_patches(*film[:2])):
            for patch, wanted, image in zip(chosen, units, pixels, strict=True):
                maps = self.respond(self.image(image[np.newaxis]))[0].maps[0]
                rows += [
                    {"patch": patch, "unit": unit, "map": maps[unit].flatten().half().float().tolist()}
                    for unit in wanted
                ]
        return {"unit_map": pa.Table.from_pylist(rows, MAP)}

    def dissection(self, films: Sequence[dict[str, Any]], thresholds: Sequence[float]) -> Tables:
        """`unit_pixels`, `concept_pixels`, `common_pixels`: where units exceed their thresholds, and lesions lie.

        A film is a row of `dissected_film`; thresholds [units]. Pixels are those of the network's input.
        """
        least = np.array(thresholds, np.float32)
        above = np.zeros(len(least), np.int64)
        outlined: dict[str, int] = {}
        common: dict[str, NDArray[np.int64]] = {}

        def read(film: dict[str, Any]) -> NDArray[np.uint16]:
            return self._read_patches(film["scan_number"], [row["patch"] for row in film["patches"]])

        for film, pixels in self._ahead(films, read):
            lesions = [Lesion(lesion) for lesion in film["lesions"]]
            chosen, side = film["patches"], pixels.shape[1]
            for start in range(0, len(chosen), PATCHES_AT_ONCE):
                part = slice(start, start + PATCHES_AT_ONCE)
                maps = self.respond(self.image(pixels[part]))[0].maps.cpu()
                for patch, of_patch in zip(chosen[part], maps.numpy(), strict=True):
                    masks = concept_masks(lesions, patch, side)
                    shown = np.array(list(masks.values()), np.bool_).reshape(-1, side, side)
                    over, both = pixels_above(np.ascontiguousarray(of_patch), least, self.geometry, shown)
                    above += over
                    for concept, mask, count in zip(masks, shown, both.T, strict=True):
                        outlined[concept] = outlined.get(concept, 0) + int(mask.sum())
                        common[concept] = common.get(concept, 0) + count
        return _pixel_rows(above, outlined, common)


MAP = pa.schema([("patch", pa.int64()), ("unit", pa.int32()), ("map", pa.list_(pa.float32()))])


def _refuse_infinite(key: str, keys: Sequence[object], responses: Responses) -> None:
    """BadInput where a unit answers NaN or infinity: the mean of a map is finite only if all its cells are."""
    wrong = ~np.isfinite(responses.mean).all(1)
    if wrong.any():
        raise BadInput(
            f"The network answers {key} {keys[int(wrong.argmax())]} with NaN or infinity: "
            "its weights are broken, or half precision is too narrow for them: train it again, give another "
            "--checkpoint or leave --half out."
        )


def _pixel_rows(above: NDArray[np.int64], outlined: dict[str, int], common: dict[str, NDArray[np.int64]]) -> Tables:
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
