"""In which order workers see patches: every patch once an epoch, alike after any interruption."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deepminer_ray.patches.order import epoch_rows, share_of, shuffled

SCANS = st.lists(st.integers(1, 9), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(SCANS, st.integers(1, 12), st.integers(1, 5), st.integers(1, 4), st.integers(0, 3))
def test_every_patch_is_seen_at_most_once_and_all_but_a_batch_are(
    scans: list[int], batch: int, workers: int, epoch: int, seed: int
) -> None:
    workers = min(workers, batch)
    parts = [epoch_rows(scans, seed, epoch, batch, rank, workers) for rank in range(workers)]
    seen = np.concatenate(parts)
    assert len(set(seen.tolist())) == len(seen) == sum(scans) // batch * batch
    assert set(seen.tolist()) <= set(range(sum(scans)))
    assert {len(part) % share_of(batch, rank, workers) for rank, part in enumerate(parts)} == {0}
    steps = {len(part) // share_of(batch, rank, workers) for rank, part in enumerate(parts)}
    assert steps == {sum(scans) // batch}, "a worker with fewer steps would leave the others waiting"


def test_the_patches_of_a_scan_stay_together_and_scans_change_places() -> None:
    scans = [3, 1, 4, 2]
    owner = np.repeat(np.arange(4), scans)
    orders = [epoch_rows(scans, 0, epoch, 1, 0, 1) for epoch in range(1, 6)]
    for order in orders:
        changes = np.flatnonzero(np.diff(owner[order]))
        assert len(changes) == 3
    assert len({tuple(order) for order in orders}) > 1
    assert np.array_equal(orders[2], epoch_rows(scans, 0, 3, 1, 0, 1))
    assert not np.array_equal(orders[2], epoch_rows(scans, 1, 3, 1, 0, 1))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 50), st.integers(1, 20))
def test_windows_hold_each_place_once(size: int, window: int) -> None:
    windows = list(shuffled(size, window, (0, 1, 2)))
    assert sorted(np.concatenate([*windows, []]).tolist()) == list(range(size))
    for number, places in enumerate(windows):
        assert set(places.tolist()) == set(range(number * window, min(size, (number + 1) * window)))


def test_shares_of_a_batch_add_up_to_it() -> None:
    for workers in range(1, 9):
        shares = [share_of(32, rank, workers) for rank in range(workers)]
        assert sum(shares) == 32 and max(shares) - min(shares) <= 1
