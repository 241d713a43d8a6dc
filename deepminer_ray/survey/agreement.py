"""How far experts agree on units: Cohen's kappa for two, Krippendorff's alpha for more, and each with oneself."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.annotation.answer import Answer
from deepminer_ray.statistics.confidence import NO_INTERVAL, Interval, percentiles

AGREEMENT_RESAMPLES = 500
COMPARED_FIELDS = ("recognizable", "category", "association")
"""What is compared: the first phenomenon's, where there are several."""
NOT_ANSWERED = -1


@dataclass(frozen=True, slots=True)
class Agreement:
    """A coefficient of a field, its interval over units, the share of units all agree on, and how many units."""

    field: str
    statistic: str
    value: float
    interval: Interval
    equal: float
    units: int


def compared(answer: Answer, field: str) -> str | None:
    """What an answer says in a field, None where it says nothing."""
    if field == "recognizable":
        return None if answer.recognizable is None else str(answer.recognizable)
    if answer.recognizable is False:
        return "nothing recognizable"
    return getattr(answer.phenomena[0], field) if answer.phenomena else None


def _value_compared(answer: Answer | None, field: str) -> str | None:
    return None if answer is None else compared(answer, field)


def agreements(answers: Mapping[str, Mapping[int, Answer]]) -> list[Agreement]:
    """Agreement of all annotators in every field, over units that at least two have answered."""
    units = sorted({unit for of in answers.values() for unit in of})
    names = sorted(answers)
    measured = []
    for field in COMPARED_FIELDS:
        said = [[_value_compared(answers[name].get(unit), field) for unit in units] for name in names]
        measured.append(agreement(field, said))
    return measured


def agreement(field: str, said: Sequence[Sequence[str | None]]) -> Agreement:
    """The agreement of what annotators said of the same units, [annotators][units]."""
    words = sorted({word for row in said for word in row if word is not None})
    codes = np.array([[NOT_ANSWERED if word is None else words.index(word) for word in row] for row in said]).reshape(
        len(said), -1
    )
    codes = codes[:, (codes != NOT_ANSWERED).sum(0) > 1]
    together = codes.shape[1]
    two = len(said) == 2
    coefficient = _kappa if two else _alpha
    statistic = "Cohen's kappa" if two else "Krippendorff's alpha"
    if not together:
        return Agreement(field, statistic, float("nan"), NO_INTERVAL, float("nan"), 0)
    equal = float(np.mean([len(set(column[column != NOT_ANSWERED])) == 1 for column in codes.T]))
    chosen = np.random.default_rng(0).integers(together, size=(AGREEMENT_RESAMPLES, together))
    drawn = np.array([coefficient(codes[:, columns], len(words)) for columns in chosen if together > 1])
    return Agreement(field, statistic, coefficient(codes, len(words)), percentiles(drawn), equal, together)


def _kappa(codes: NDArray[np.int64], words: int) -> float:
    from sklearn.metrics import cohen_kappa_score  # takes a second to load

    if words < 2 or len(set(codes.ravel().tolist())) < 2:
        return float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(cohen_kappa_score(*codes))


def _alpha(codes: NDArray[np.int64], words: int) -> float:
    import krippendorff

    counts = np.stack([(codes == word).sum(0) for word in range(words)], axis=1)
    if (counts.sum(0) > 0).sum() < 2:
        return float("nan")
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))
