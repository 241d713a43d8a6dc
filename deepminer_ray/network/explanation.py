"""One image explained: what was decided, by which units, and what silence would have changed (Sec. 2.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import softmax

from deepminer_ray.classes import decided
from deepminer_ray.explanations.cam import class_activation_map
from deepminer_ray.explanations.figure import ConceptMap
from deepminer_ray.explanations.silence import Head, correcting, faithfulness
from deepminer_ray.network.probe import Probe, ProbeTables
from deepminer_ray.network.response import answer
from deepminer_ray.paper import NAMED_IN_FIGURE
from deepminer_ray.patches.region import Region
from deepminer_ray.units.name import unit_name

SCAN_MAP = pa.schema(
    [
        ("scan", pa.string()),
        ("shows", pa.string()),
        ("unit", pa.int32()),
        ("phenomenon", pa.string()),
        ("map", pa.list_(pa.float32())),
        ("map_width", pa.int32()),
        ("map_height", pa.int32()),
    ]
)
FAITHFULNESS = pa.schema(
    [
        ("scan", pa.string()),
        ("curve", pa.string()),
        ("units", pa.int32()),
        ("probability", pa.float64()),
        ("random", pa.list_(pa.float64())),
    ]
)
LEAST_PANEL_SHARE = 0.01
"""Of all that speaks for a class: what says less has no panel."""
SILENCE = pa.schema([("scan", pa.string()), ("unit", pa.int32()), ("alone", pa.bool_()), ("place", pa.int32())])


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """Response maps [units, h, w] of the last layer and the decision: probability [classes] and the class decided.

    For that class each unit's influence [units], its maximum x weight, and contribution [units], its term of the logit
    at the cell that decided.
    """

    maps: NDArray[np.float32]
    probability: NDArray[np.float64]
    decided: int
    influence: NDArray[np.float64]
    contribution: NDArray[np.float64]
    head: Head

    def order(self) -> NDArray[np.int64]:
        """All units, the most influential first; of equal ones the smaller."""
        return np.argsort(-self.influence, kind="stable")

    def class_activation_map(self) -> NDArray[np.float32]:
        """[h, w]: that of the decided class."""
        return class_activation_map(self.maps, self.head.weight[self.decided])

    def probability_map(self) -> NDArray[np.float32]:
        """[h, w]: how probable the decided class is at every cell."""
        logits = np.tensordot(self.head.weight, self.maps.astype(np.float64), axes=1)
        of_cells = softmax(logits + self.head.bias[:, np.newaxis, np.newaxis], axis=0)
        return np.asarray(of_cells[self.decided], dtype=np.float32)

    def shares(self) -> NDArray[np.float64]:
        """[units]: contributions as shares of all that speaks for the class at the cell that decided."""
        positive = np.maximum(self.contribution, 0).sum()
        return self.contribution / positive if positive > 0 else np.full_like(self.contribution, np.nan)


@dataclass(frozen=True, slots=True)
class Called:
    """What a unit is called: its name, or a remark (`named` is False), which counts in no score."""

    phenomenon: str
    named: bool


@dataclass(frozen=True, slots=True, eq=False)
class Concept:
    """Units of one name together: `units` that speak at the cell that decided, what they contribute there, their share
    of all that speaks for the class (nan where nothing does), and the sum of their maps, each times its weight [h, w].

    Without a phenomenon it is all units that are called nothing.
    """

    phenomenon: str | None
    named: bool
    units: int
    contribution: float
    share: float
    map: NDArray[np.float32]


def concepts(one: Explained, called: Mapping[int, Called]) -> list[Concept]:
    """All units of a decision by what they are called, the largest contribution first; contributions add up as theirs.

    The maps of all concepts add up to the class activation map.
    """
    groups: dict[Called | None, list[int]] = {}
    for unit in range(len(one.contribution)):
        groups.setdefault(called.get(unit), []).append(unit)
    shares, weight = one.shares(), one.head.weight[one.decided]
    summed = [
        Concept(
            None if name is None else name.phenomenon,
            name is not None and name.named,
            int(np.count_nonzero(one.contribution[units])),
            float(one.contribution[units].sum()),
            float(shares[units].sum()),
            class_activation_map(one.maps[units], weight[units]),
        )
        for name, units in groups.items()
    ]
    return sorted(summed, key=lambda concept: (-concept.contribution, concept.phenomenon or ""))


def shown_maps(one: Explained, by_name: Sequence[Concept]) -> list[ConceptMap]:
    """What a figure shows of a decision: its strongest concepts; where no unit is called anything, the units."""
    speaking = [concept for concept in by_name if concept.phenomenon is not None and concept.share >= LEAST_PANEL_SHARE]
    if speaking:
        return [
            ConceptMap(str(of.phenomenon), of.named, of.units, of.share, of.map) for of in speaking[:NAMED_IN_FIGURE]
        ]
    shares = one.shares()
    return [
        ConceptMap(unit_name(unit), False, 1, None if np.isnan(shares[unit]) else float(shares[unit]), one.maps[unit])
        for unit in one.order()[:NAMED_IN_FIGURE].tolist()
    ]


def explained(probe: Probe, pixels: NDArray[np.uint16], region: Region | None = None) -> Explained:
    """Pass a stored film through the network once and see what decided in its region, by default the breast."""
    _, last, breast = probe.scan_responses(pixels, region)
    maps = last.maps[0].cpu().numpy()
    inside = breast if breast.any() else np.ones_like(breast)
    of_class = answer(probe.network, last.maps, breast)
    winner = int(decided(of_class.probability))
    weight, bias = (one.detach().cpu().double().numpy() for one in (probe.network.head.weight, probe.network.head.bias))
    y, x = of_class.cells[winner]
    return Explained(
        maps,
        of_class.probability,
        winner,
        last.maximum[0].astype(np.float64) * weight[winner],
        maps[:, y, x].astype(np.float64) * weight[winner],
        Head(maps[:, inside].astype(np.float64), weight, bias),
    )


def explanation_tables(
    scan: str, one: Explained, units: Sequence[int], by_name: Sequence[Concept], truth: int | None, seed: int
) -> ProbeTables:
    """`scan_map` of the decided class, some units and all concepts, `faithfulness`, and `silence` where the decision is
    wrong.

    `truth` is the class known, None where there is none; `seed` draws the random orders of units.
    """
    height, width = one.maps.shape[1:]
    shape = {"scan": scan, "map_width": width, "map_height": height}
    of_class = (("class activation map", one.class_activation_map()), ("probability", one.probability_map()))
    maps = [shape | {"shows": name, "map": cells.ravel().tolist()} for name, cells in of_class]
    maps += [shape | {"shows": "unit", "unit": unit, "map": one.maps[unit].ravel().tolist()} for unit in units]
    maps += [
        shape | {"shows": "concept", "phenomenon": concept.phenomenon, "map": concept.map.ravel().tolist()}
        for concept in by_name
    ]
    curves = zip(("deletion", "insertion"), faithfulness(one.head, one.order(), one.decided, [seed]), strict=True)
    points = [
        {"scan": scan, "curve": name, "units": number, "probability": value, "random": random}
        for name, curve in curves
        for number, value, random in zip(curve.depths, curve.by_influence, curve.random.T.tolist(), strict=True)
    ]
    corrections = [] if truth is None or truth == one.decided else _correcting_rows(scan, one, truth)
    return {
        "scan_map": pa.Table.from_pylist(maps, SCAN_MAP),
        "faithfulness": pa.Table.from_pylist(points, FAITHFULNESS),
        "silence": pa.Table.from_pylist(corrections, SILENCE),
    }


def _correcting_rows(scan: str, one: Explained, truth: int) -> list[dict[str, Any]]:
    corrected = correcting(one.head, truth)
    places = {unit: order for order, unit in enumerate(corrected.together, 1)}
    return [
        {"scan": scan, "unit": unit, "alone": unit in corrected.alone, "place": places.get(unit)}
        for unit in sorted({*corrected.alone, *corrected.together})
    ]
