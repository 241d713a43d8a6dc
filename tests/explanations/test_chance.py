"""What chance gives: whole patients exchanged, from few pairs, beside a twin that scores every pair."""

import math
from random import Random

import numpy as np
import pytest

from deepminer_ray.explanations.chance import AMONG, Chance, Pairs, Scans, chances, mean_score, p_value, rounds
from tests import naive

SHUFFLES = 1000


def held(matrix: np.ndarray) -> Pairs:
    """Scores that are known for every pair."""
    return lambda scans: matrix[np.ix_(scans, scans)]


def found(matrix: np.ndarray, patients: list[str], shuffles: int = SHUFFLES, seed: int = 0, **more: object) -> Chance:
    (one,) = chances([held(matrix)], patients, shuffles, seed, **more)  # type: ignore[arg-type]
    return one


def all_pairs(matrix: np.ndarray, patients: list[str], seed: int, groups: list[str] | None = None) -> np.ndarray:
    score = {pair: value for pair, value in np.ndenumerate(matrix) if not np.isnan(value)}
    random = Random(seed)
    return np.array([naive.shuffled_mean(score, patients, random, groups) for _ in range(SHUFFLES)])


def planted(count: int, seed: int, gain: float) -> tuple[np.ndarray, list[str], list[str]]:
    """Scores with good and bad films and easy and hard reports, by `gain` better where a report is the own or of the
    own group, and gaps; patients of one to three films, and their groups.
    """
    draw = np.random.default_rng(seed)
    owner = np.sort(draw.integers(0, count // 2, count))
    group = (owner * 7 % 5 > 2).astype(int)
    matrix = draw.random((count, count)) + draw.random((count, 1)) + draw.random(count)
    matrix += gain * (np.equal.outer(owner, owner) + 0.5 * np.equal.outer(group, group))
    matrix[draw.random(count) < 0.1] = np.nan
    matrix[:, draw.random(count) < 0.1] = np.nan
    return matrix, [f"P{one}" for one in owner], [f"G{one}" for one in group]


@pytest.mark.parametrize("gain", [0, 0.02, 0.3])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("pairs", [10**9, 1])
def test_few_pairs_give_what_all_pairs_give(gain: float, grouped: bool, pairs: int) -> None:
    """By a twin that exchanges the films of all patients and looks up every pair: value, mean and p of both nulls."""
    count = 2 * AMONG if pairs == 1 else 90
    matrix, patients, groups = planted(count, 1, gain)
    of = groups if grouped else None
    known = all_pairs(matrix, patients, 5, of)
    value = mean_score(matrix.diagonal())
    several = [found(matrix, patients, seed=seed, groups=of, pairs=pairs) for seed in range(12)]
    assert all(mean_score(one.observed) == pytest.approx(value) for one in several)
    means = np.array([one.mean for one in several])
    spread = max(float(means.std(ddof=1)), known.std() / math.sqrt(SHUFFLES))
    assert abs(means.mean() - known.mean()) < 4 * math.hypot(
        spread / math.sqrt(len(several)), known.std() / math.sqrt(SHUFFLES)
    )
    assert spread < known.std() / 5, "dividing the patients moves the mean little"
    p = np.array([p_value(value, one.null) for one in several])
    expected = p_value(value, known)
    assert np.mean(p) == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 50) + 0.002)
    assert np.mean([one.null.std() for one in several]) == pytest.approx(known.std(), rel=0.1)


def test_p_is_exact_where_patients_are_divided() -> None:
    """Where nothing is there to be found, a twentieth of p is at most a twentieth."""
    p = []
    for seed in range(200):
        matrix, patients, _ = planted(2 * AMONG + 1, seed, 0)
        one = found(matrix, patients, 99, seed, pairs=1)
        p.append(p_value(mean_score(one.observed), one.null))
    for level in (0.05, 0.2, 0.5, 0.8):
        assert np.mean(np.array(p) <= level) == pytest.approx(level, abs=4 * math.sqrt(level * (1 - level) / 200))


@pytest.mark.parametrize("each", [1, 2])
def test_pairs_grow_no_faster_than_scans(each: int) -> None:
    """Counted, not timed: of 10,000 films hardly more pairs are scored than of 1,000."""
    counted = {}
    for count in (1_000, 4_000, 10_000, 20_000):
        scored = []

        def constant(scans: Scans, scored: list[int] = scored) -> np.ndarray:
            scored.append(len(scans) ** 2)
            return np.zeros((len(scans), len(scans)))

        patients = [f"P{index // each}" for index in range(count)]
        chances([constant], patients, shuffles=1)
        counted[count] = sum(scored)
    assert counted[1_000] == 1_000_000
    assert max(counted[4_000], counted[10_000]) <= 1.6 * counted[1_000]
    assert counted[20_000] <= 2.1 * counted[10_000]


def test_every_scan_is_in_one_round_with_the_scans_of_its_patient_and_group() -> None:
    _, patients, groups = planted(900, 3, 0)
    seen: list[int] = []
    for of in rounds(patients, 20, 0, groups, 1):
        seen += of.scans.tolist()
        of_patients = {patients[scan] for scan in of.scans}
        assert sum(patient in of_patients for patient in patients) == len(of.scans) < 2 * AMONG
        assert len({groups[scan] for scan in of.scans}) == 1
        assert [patients[scan] for scan in of.scans] == sorted(
            [patients[scan] for scan in of.scans], key=[patients[scan] for scan in of.scans].index
        )
        for report in of.report:
            given = [(patients[scan], patients[of.scans[other]]) for scan, other in zip(of.scans, report, strict=True)]
            assert len(set(given)) == len(of_patients) == len({donor for _, donor in given}), "each gives to one"
    assert sorted(seen) == list(range(900))


def test_all_scores_see_the_same_exchanges() -> None:
    matrix, patients, groups = planted(500, 2, 0.1)
    both = chances([held(matrix), held(2 * matrix)], patients, 50, 3, groups, 1)
    assert both[1].null == pytest.approx(2 * both[0].null) and both[1].mean == pytest.approx(2 * both[0].mean)


def test_reports_move_in_blocks() -> None:
    """With column number as score, a mean tells which reports were given."""
    matrix = np.tile([1.0, 10, 100, 1000], (4, 1))
    assert np.unique(found(matrix, list("abab"), 50).null) == pytest.approx([1111 / 4])

    owner = np.array(["a", "b", "a", "c", "b", "a"])
    within = found(np.equal.outer(owner, owner).astype(float), list(owner), 400)
    kept = {round(float(value) * 6) for value in within.null}
    assert kept == {0, 1, 2, 3, 6}, "a patient keeps all of the own reports or none"


def test_a_patient_with_fewer_reports_lends_them_all() -> None:
    matrix = np.zeros((5, 5))
    matrix[0:3, 3], matrix[0:3, 4] = 1, 10
    assert {round(float(value) * 5) for value in found(matrix, list("aaabb"), 200).null} == {0, 12, 21}


def test_scans_without_a_score_stay_out_of_the_null() -> None:
    matrix = np.full((3, 3), 0.5)
    matrix[1] = np.nan
    assert found(matrix, list("abc"), 20).null == pytest.approx(np.full(20, 0.5))
    assert np.isnan(found(np.full((2, 2), np.nan), list("ab"), 3).null).all()
    nothing = found(np.zeros((0, 0)), [], 3)
    assert np.isnan(nothing.null).all() and nothing.observed.shape == (0,)
    assert math.isnan(mean_score(np.array([math.nan])))


@pytest.mark.parametrize(
    ("null", "expected"), [([0.5, 0.6, 0.7, 0.4], 4 / 5), ([0.5 - 1e-13] * 4, 1), ([0.49] * 4, 1 / 5), ([0.51] * 4, 1)]
)
def test_p_counts_the_shuffles_that_reach_the_observed_mean(null: list[float], expected: float) -> None:
    assert p_value(0.5, np.array(null)) == expected


def test_the_null_repeats_by_seed() -> None:
    matrix = np.random.default_rng(0).random((500, 500))
    patients = [str(number // 2) for number in range(500)]
    one, again, other = (found(matrix, patients, 30, seed, pairs=1) for seed in (1, 1, 2))
    assert (one.null == again.null).all() and one.mean == again.mean
    assert (one.null != other.null).any()


def test_the_second_null_keeps_reports_within_a_group() -> None:
    """Explanations that know the group alone beat the first null and not the second; those that know more beat both."""
    patients = [f"P{number // 2}" for number in range(40)]
    groups = ["benign" if number < 20 else "malignant" for number in range(40)]
    same_group = np.equal.outer(np.array(groups), np.array(groups)).astype(float)
    same_patient = np.equal.outer(np.array(patients), np.array(patients)).astype(float)
    for matrix, beaten in ((same_group, False), (same_group + same_patient, True)):
        observed = float(matrix.diagonal().mean())
        assert p_value(observed, found(matrix, patients).null) < 0.01
        assert (p_value(observed, found(matrix, patients, groups=groups).null) < 0.01) is beaten
    assert found(same_group, patients, groups=groups).null == pytest.approx(1)
    one_group = found(same_patient, patients, 50, 3, groups=["all"] * 40)
    assert one_group.null == pytest.approx(found(same_patient, patients, 50, 3).null), "one group is the first null"
