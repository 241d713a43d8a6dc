"""What a run takes, estimated from a sample."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepminer_ray.planning.costs import (
    Measured,
    Pace,
    PlannedStage,
    bytes_of_run,
    cut_seconds,
    distinct,
    gpu_seconds,
    seconds_of_stages,
)
from deepminer_ray.planning.counts import CountEstimate, Counts, Cut, PlannedScan
from deepminer_ray.planning.outcome import outcome, table

PACE = Pace(step=2.0, patch=0.1, alone=0.2, scan=1.0, first=3.0, explained=0.5)
MEASURED = Measured(
    cpus=4,
    workers=1,
    connect=5.0,
    catalogued=2.0,
    case=0.1,
    items=100,
    read=100,
    cut=10.0,
    tried=2,
    actor=8.0,
    pace=PACE,
    units=512,
    classes=3,
    checkpoint=3_000_000,
    figure=200_000,
    peaks={"cut": 400_000_000},
)
SCANS = [PlannedScan(f"S{number}", f"P{number}", "normal", 1_000_000, 1000, 50) for number in range(100)]
CUTS = [Cut(scan, 40, 1000, 2000, 0.5) for scan in SCANS[:2]]


def exact(value: float) -> CountEstimate:
    return CountEstimate(value, value, value)


COUNTS = Counts(
    exact(100), exact(4000), exact(3200), exact(320), exact(400), probed_scans=20, explained=10, unseen=exact(0)
)


def stages(counts: Counts = COUNTS, measured: Measured = MEASURED, epochs: int = 2) -> dict[str, PlannedStage]:
    found = seconds_of_stages(counts, measured, CUTS, SCANS, epochs, batch=32)
    return {stage.stage: stage for stage in found}


def test_an_epoch_more_takes_its_steps_and_its_validation() -> None:
    more = stages(epochs=3)["train"].seconds.value - stages(epochs=2)["train"].seconds.value
    assert more == pytest.approx(3200 / 32 * 2.0 + 320 * 0.1, rel=0.01)


def test_scans_beyond_the_sample_are_shared_by_all_cpus() -> None:
    whole, part = (cut_seconds(MEASURED, CUTS, SCANS[:count]).value for count in (100, 2))
    assert part == pytest.approx(10.5)
    assert whole - part == pytest.approx(98 * 0.5 / 4, abs=0.2 * 4)


def test_a_sample_of_all_scans_is_the_stage_itself() -> None:
    assert cut_seconds(replace(MEASURED, tried=2), CUTS, SCANS[:2]) == pytest.approx((10.5, 10.5, 10.5))


@given(st.integers(1, 64))
def test_workers_share_passes_but_not_the_start(workers: int) -> None:
    alone, many = (stages(measured=replace(MEASURED, workers=count))["probe"].seconds.value for count in (1, workers))
    assert alone - many == pytest.approx((400 * 0.1 + 20 * 1.0) * (1 - 1 / workers))
    assert many > MEASURED.actor


def test_names_are_tested_on_patches_that_only_rank_passes() -> None:
    more = stages(counts=replace(COUNTS, unseen=exact(1000)))
    for name, before in stages().items():
        grown = more[name].seconds.value - before.seconds.value
        assert grown == pytest.approx(1000 * 0.1 / MEASURED.workers if name == "rank" else 0)


@given(st.floats(1, 1e7), st.integers(1, 2048))
def test_top_patches_are_no_more_than_there_are(patches: float, units: int) -> None:
    assert 0 < distinct(patches, units, 3) <= patches
    assert distinct(patches, units, 3) <= distinct(2 * patches, units, 3) * (1 + 1e-9)


def test_no_patch_is_no_top_patch() -> None:
    assert distinct(0, 512, 3) == 0


def test_activations_fill_the_run() -> None:
    more = replace(COUNTS, probed=exact(100_400))
    assert bytes_of_run(more, MEASURED).value - bytes_of_run(COUNTS, MEASURED).value == pytest.approx(
        100_000 * 512 * 8.6
    )


def test_an_unmeasured_gpu_is_estimated_from_operations() -> None:
    found = gpu_seconds({"patch": 2e9, "scan": 40e9}, rate=1e13, share=32)
    assert found == pytest.approx({"patch": 2e-4, "scan": 4e-3, "step": 3 * 32 * 2e-4})


@pytest.mark.parametrize("measured", [True, False])
def test_what_was_not_measured_is_said(measured: bool) -> None:
    pace = replace(PACE, measured=measured)
    found = outcome(COUNTS, replace(MEASURED, pace=pace), SCANS, CUTS, 3, epochs=2, batch=32)
    assert ("NOT measured" in table(found)) is not measured
    assert "3 of them cannot be read" in table(found)
    assert found.rows()["rests_on"]["network_measured"] is measured


def test_numbers_are_shown_in_units_that_people_read() -> None:
    text = table(outcome(COUNTS, replace(MEASURED, actor=0.0), SCANS, CUTS, 0, epochs=2, batch=32))
    assert "From all 100 headers and 2 images of 2 patients" in text
    assert "400.0 MB" in text and "7.8 min" in text
