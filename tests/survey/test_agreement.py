"""Agreement of experts: coefficients as their definitions say, over the units that more than one answered."""

import math

import numpy as np
import pytest

from deepminer_ray.annotation.answer import Answer, read_answer
from deepminer_ray.annotation.sent import SentAnswer
from deepminer_ray.survey.agreement import COMPARED_FIELDS, agreement, agreements, compared
from tests.domains import MAMMOGRAPHY


def kappa(one: list[str], other: list[str]) -> float:
    """Cohen (1960), slowly."""
    observed = sum(a == b for a, b in zip(one, other, strict=True)) / len(one)
    expected = sum(one.count(word) * other.count(word) for word in set(one)) / len(one) ** 2
    return (observed - expected) / (1 - expected)


def alpha(said: list[list[str | None]]) -> float:
    """Krippendorff's nominal alpha by its coincidences, slowly."""
    pairs: dict[tuple[str, str], float] = {}
    for column in zip(*said, strict=True):
        words = [word for word in column if word is not None]
        for i, a in enumerate(words):
            for j, b in enumerate(words):
                if i != j:
                    pairs[a, b] = pairs.get((a, b), 0) + 1 / (len(words) - 1)
    total = sum(pairs.values())
    of = {word: sum(value for (a, _), value in pairs.items() if a == word) for word, _ in pairs}
    observed = sum(value for (a, b), value in pairs.items() if a != b)
    expected = sum(of[a] * of[b] for a in of for b in of if a != b) / (total - 1)
    return 1 - observed / expected


def drawn(seed: int, experts: int, units: int = 40, missing: float = 0.0) -> list[list[str | None]]:
    random = np.random.default_rng(seed)
    true = random.integers(3, size=units)
    said = np.where(random.random((experts, units)) < 0.6, true, random.integers(3, size=(experts, units)))
    gone = random.random((experts, units)) < missing
    return [
        [None if lost else "abc"[word] for word, lost in zip(*row, strict=True)] for row in zip(said, gone, strict=True)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_two_experts_have_cohens_kappa(seed: int) -> None:
    said = drawn(seed, 2)
    found = agreement("category", said)
    assert found.statistic == "Cohen's kappa"
    assert found.value == pytest.approx(kappa(said[0], said[1]))  # type: ignore[arg-type]
    assert found.interval.low < found.value < found.interval.high
    assert found.equal == np.mean([a == b for a, b in zip(*said, strict=True)])
    assert found.units == 40


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_more_experts_have_krippendorffs_alpha(missing: float) -> None:
    said = drawn(3, 4, missing=missing)
    found = agreement("category", said)
    assert found.statistic == "Krippendorff's alpha"
    assert found.value == pytest.approx(alpha(said))
    assert found.interval.low < found.value < found.interval.high


def test_units_that_one_expert_answered_do_not_count() -> None:
    said = [["a", "b", None, "a"], ["a", None, "b", "b"]]
    assert agreement("category", said).units == 2
    alone = agreement("category", [["a", None], [None, "b"]])
    assert alone.units == 0 and math.isnan(alone.value)


def test_equal_answers_leave_the_coefficient_undefined() -> None:
    found = agreement("category", [["a"] * 5, ["a"] * 5])
    assert math.isnan(found.value) and found.equal == 1.0
    assert math.isnan(found.interval.low)


def test_what_is_compared() -> None:
    mass = read_answer(
        SentAnswer.model_validate({"phenomena": [{"category": "Mass", "association": "malignant"}, {"text": "else"}]}),
        MAMMOGRAPHY,
    )
    assert [compared(mass, field) for field in COMPARED_FIELDS] == ["True", "Mass", "malignant"]
    nothing = read_answer(SentAnswer(recognizable=False), MAMMOGRAPHY)
    assert [compared(nothing, field) for field in COMPARED_FIELDS] == ["False"] + ["nothing recognizable"] * 2
    assert [compared(Answer(), field) for field in COMPARED_FIELDS] == [None, None, None]
    found = agreements({"Anna": {1: mass, 2: nothing}, "Ben": {1: mass, 2: mass}})
    assert [one.equal for one in found] == [0.5, 0.5, 0.5]
