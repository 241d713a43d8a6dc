"""Shuffled labels tell a network nothing of the true ones."""

from collections import Counter

import pytest

from deepminer_ray.stages.train import shuffled_labels

LABELS = ["normal"] * 1000 + ["malignant", "benign"] * 150 + ["benign"] * 100


@pytest.mark.parametrize("seed", range(5))
def test_every_class_gets_each_label_in_the_same_share(seed: int) -> None:
    dealt = shuffled_labels(LABELS, seed)
    assert Counter(dealt) == Counter(LABELS)
    for true in ("normal", "benign", "malignant"):
        mix = Counter(new for old, new in zip(LABELS, dealt, strict=True) if old == true)
        for name in mix:
            assert abs(mix[name] - LABELS.count(true) * LABELS.count(name) / len(LABELS)) <= 2


def test_another_seed_deals_otherwise() -> None:
    first, again, other = (shuffled_labels(LABELS, seed) for seed in (0, 0, 1))
    assert first == again
    agreeing = sum(a == b for a, b in zip(first, other, strict=True)) / len(LABELS)
    chance = sum((count / len(LABELS)) ** 2 for count in Counter(LABELS).values())
    assert abs(agreeing - chance) < 0.05
