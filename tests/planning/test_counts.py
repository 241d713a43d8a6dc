"""What is counted of a source from a sample of its films."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepminer_ray.planning.counts import (
    Cut,
    PlannedScan,
    Shares,
    counts,
    labelled,
    partition_of_patients,
    patches_of,
    spread,
    total,
)
from tests import naive
from tests.domains import THREE_CLASSES


def scan(number: int, patient: str = "", places: int = 50, **known: int) -> PlannedScan:
    pixels = known.pop("pixels", 1_000_000)
    return PlannedScan(f"S{number}", patient or f"P{number}", "normal", pixels, 1000, places, **known)


def cut(of: PlannedScan, patches: int, patch_bytes: int = 0, seconds: float = 1.0) -> Cut:
    return Cut(of, patches, 100, patch_bytes, seconds)


SCANS = [scan(number, places=40 + number % 3) for number in range(40)]
CUTS = [cut(one, 30 + number % 4, 1000 + number) for number, one in enumerate(SCANS[::4])]

patients = st.dictionaries(
    st.integers(0, 10**6).map(lambda number: f"P_{number}"),
    st.sampled_from(("normal", "unproven", "benign", "malignant")),
    min_size=1,
    max_size=60,
)


@given(patients, st.sampled_from([("0.8", "0.1", "0.1", 0), ("0.5", "0.25", "0.2", 3), ("0.34", "0.33", "0", 1)]))
def test_patients_are_divided_as_the_slow_definition_has_it(
    pathology: dict[str, str], how: tuple[str, str, str, int]
) -> None:
    train, test, validation, seed = how
    found = partition_of_patients(pathology, Shares(float(train), float(test), float(validation), seed))
    wanted = naive.partition(pathology, train, test, validation, seed)
    assert found == {patient: "validation" if kept else part for patient, (part, kept) in wanted.items()}


lesion = st.tuples(
    st.sampled_from(("unproven", "benign", "malignant")), *[st.integers(0, 100).map(lambda n: n / 100)] * 2
)


@given(st.lists(lesion, max_size=4))
def test_a_place_is_labelled_as_the_slow_definition_has_it(overlap: list[tuple[str, float, float]]) -> None:
    assert THREE_CLASSES.label(overlap, 0.3, 0.3) == (naive.label(overlap) or "unproven")


@given(st.integers(0, 500), st.integers(1, 40), st.integers(0, 5))
def test_a_sample_is_spread_over_the_whole(count: int, wanted: int, seed: int) -> None:
    chosen = spread(count, wanted, seed)
    assert len(chosen) == min(count, wanted)
    parts = [place * len(chosen) // count for place in chosen]
    assert chosen == sorted(set(chosen))
    assert all(abs(part - number) <= 1 for number, part in enumerate(parts))


def test_a_whole_sample_is_counted_and_has_no_interval() -> None:
    cuts = [cut(one, number) for number, one in enumerate(SCANS)]
    assert patches_of(cuts, SCANS) == (780, 780, 780)


def test_the_rest_has_as_large_a_share_of_its_places_as_the_sample() -> None:
    known, other = scan(1, places=50), scan(2, places=30)
    assert patches_of([cut(known, 20)], [known, other]).value == pytest.approx(20 + 30 * 20 / 50)


def test_one_patient_gives_no_interval() -> None:
    found = patches_of([cut(SCANS[0], 20), cut(replace(SCANS[1], patient="P0"), 30)], SCANS)
    assert math.isnan(found.low) and math.isnan(found.high)


@given(st.sampled_from([2.0, 3.0, 17.0]))
def test_twice_the_scans_are_twice_the_patches_and_bytes(more: float) -> None:
    for value in (lambda one: one.patches, lambda one: one.patch_bytes):
        one, many = (total(CUTS, value, lambda of: of.places, SCANS, scale) for scale in (1.0, more))
        known = sum(value(each) for each in CUTS)
        size = sum(of.places for of in SCANS)
        assert many.value == pytest.approx(more * one.value)
        assert one.low <= one.value <= one.high
        assert many.high - known == pytest.approx((one.high - known) * (more * size - 410) / (size - 410), rel=0.01)


@pytest.mark.parametrize(("normals", "wanted"), [(None, 55), (1, 20), (3, 40), (100, 55)])
def test_normal_patches_are_limited_by_findings(normals: int | None, wanted: float) -> None:
    scans = [scan(1, places=60, findings=10, unproven=5)]
    assert labelled([cut(scans[0], 60)], scans, 1.0, normals).value == wanted


def test_every_patch_is_in_one_partition() -> None:
    found = counts(
        SCANS, CUTS, 2.0, Shares(0.5, 0.3, 0.2), None, THREE_CLASSES, ["test", "holdout"], ["test"], ["holdout"]
    )
    together = found.trained.value + found.validated.value + found.probed.value
    assert together == pytest.approx(found.patches.value)
    assert found.scans.value == 80
    assert (found.probed_scans, found.explained) == (24, 16)


def test_names_are_tested_on_what_is_not_probed_for_ranking() -> None:
    shares = Shares(0.5, 0.3, 0.2)
    whole = counts(SCANS, CUTS, 1.0, shares, None, THREE_CLASSES, ["test", "holdout"], ["test"])
    usual = counts(SCANS, CUTS, 1.0, shares, None, THREE_CLASSES, ["test"], ["test"])
    assert whole.unseen.value == 0
    assert usual.probed.value + usual.unseen.value == pytest.approx(whole.probed.value)


def test_scans_of_train_hold_those_of_validation() -> None:
    probed = counts(SCANS, CUTS, 1.0, Shares(0.5, 0.3, 0.2), None, THREE_CLASSES, ["train"], ["train"]).probed
    parts = counts(SCANS, CUTS, 1.0, Shares(0.5, 0.3, 0.2), None, THREE_CLASSES, ["test"], ["test"])
    assert probed.value == pytest.approx(parts.trained.value + parts.validated.value)
