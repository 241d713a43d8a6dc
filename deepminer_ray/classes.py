"""Classes that are told apart: names, order, what each pathology counts as, and how they are decided.

Code and SQL take them from here: SQL by the table `class` of a run, whose rows `class_rows` makes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_CLASSES = 50
"""That are told apart; colours, curves and questions for more would say nothing."""
UNPROVEN = "unproven"
"""The class of a finding of which nobody knows it, where a domain calls it nothing else."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes in order of severity, the least severe first, which is also the order of a network's outputs.

    The first is `rest`, what is left of the others: an image has it where it has none of them. `pathologies` are
    those of lesions, the worst first, with the class that each counts as; where nobody knows it, that is `unproven`.
    """

    names: tuple[str, ...]
    pathologies: tuple[tuple[str, str], ...] = ()
    unproven: str = UNPROVEN

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def rest(self) -> str:
        return self.names[0]

    @property
    def findings(self) -> tuple[str, ...]:
        """The classes that are not the rest, the least severe first."""
        return self.names[1:]

    @property
    def order(self) -> tuple[str, ...]:
        """All classes with the unproven one, the least severe first.

        An unproven finding comes before every proven one: it is not known to be worse than one that is proven
        harmless, whose pathology somebody looked at, while an image without any finding is known to be less severe.
        """
        return (self.rest, self.unproven, *self.findings)

    def class_of(self, pathology: str) -> str:
        """What a pathology counts as; unproven where it is not one of these."""
        return dict(self.pathologies).get(pathology, self.unproven)

    def index(self, known: str) -> int:
        """The output that is true where a class is known; a class that is not of these is part of the rest."""
        return self.names.index(known) if known in self.names else 0

    def worst(self, classes: Iterable[str]) -> str:
        """The most severe of some classes, the rest where there is none."""
        return max(classes, key=self.order.index, default=self.rest)

    def label(self, overlap: Iterable[tuple[str, float, float]], cover: float, within: float) -> str:
        """The class of a patch, or `unproven`, by the lesions it meets: (class, cover, within) (Sec. 2.1).

        A class counts where its lesions cover `cover` of the patch together, or one lies in it by `within`; the most
        severe that counts is the patch's. `label.sql` is the same rule in SQL.
        """
        covers: dict[str, float] = {}
        withins: dict[str, float] = {}
        for name, share, inside in overlap:
            covers[name] = covers.get(name, 0.0) + share
            withins[name] = max(withins.get(name, 0.0), inside)
        return self.worst(
            name for name in covers if min(1.0, round(covers[name], 9)) >= cover or round(withins[name], 9) >= within
        )


def class_rows(known: Classes, answered: Sequence[Classes]) -> list[dict[str, Any]]:
    """The rows of the table `class`: the classes that patches and images are known to have, and those answered."""
    others = [name for classes in answered for name in classes if name not in known.order]
    rows: list[dict[str, Any]] = []
    for name in (known.rest, *others, *known.order[1:]):
        holds = [name] if name in known.names else []
        for classes in answered:
            if name in classes.names and name not in known.names:
                holds = [one for one in known if classes.names[classes.index(one)] == name]
        rows.append(
            {
                "class": name,
                "place": len(rows),
                "rest": any(name == classes.rest for classes in (known, *answered)),
                "known": name in known.names,
                "pathologies": [pathology for pathology, of in known.pathologies if of == name],
                "holds": holds,
            }
        )
    return rows


def scan_probability(of_cells: "Floats") -> "Floats":
    """The probability of each class over an image [..., classes], of its cells' [..., classes, cells] (Sec. 2.3).

    Of a finding the largest in the breast; of the rest, which is the first class, 1 - the largest of those.
    """
    import numpy as np  # takes long, and every command asks for the names of the classes

    findings = of_cells[..., 1:, :].max(axis=-1)
    return np.concatenate([1 - findings.max(axis=-1, keepdims=True), findings], axis=-1)


def deciding_cells(of_cells: "Floats") -> "list[int]":
    """The cell that decides for each class, of probabilities [classes, cells]: of a finding where it is most probable.

    The rest is decided where the likeliest finding is; the first cell counts where several are equal.
    """
    cells = of_cells[1:].argmax(axis=-1)
    likeliest = int(of_cells[1:].max(axis=-1).argmax())
    return [int(cell) for cell in (cells[likeliest], *cells)]


def decided(probability: "Floats") -> "NDArray[np.int64]":
    """The class of the largest probability [..., classes]; the worse, which is the later, where two are equal."""
    later: NDArray[np.int64] = probability.shape[-1] - 1 - probability[..., ::-1].argmax(axis=-1)
    return later
