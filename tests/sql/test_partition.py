"""`partition`: whole patients, stratified, repeatable, and nobody moves."""

import random
from collections import Counter
from typing import Any

import pytest

from deepminer_ray.database.statement import statement
from deepminer_ray.stages.partition import read_partition_lists
from tests import naive
from tests.conftest import SHARED

AUTHORS = SHARED / "authors"

SHARES: dict[str, Any] = {"train": 0.8, "test": 0.1, "validation": 0.1, "seed": "0"}
PATHOLOGIES = ("normal", "benign", "benign_without_callback", "malignant", "unproven")


def fill_patients(run: Any, pathologies: dict[str, list[str]]) -> None:
    """Two scans a patient; lesions of the given pathologies on the second."""
    scans, lesions = [], []
    for patient, of_lesions in pathologies.items():
        scans += [{"scan": f"{patient}.LEFT_{view}", "patient": patient} for view in ("CC", "MLO")]
        lesions += [
            {"lesion": f"{patient}_{number}", "scan": f"{patient}.LEFT_MLO", "pathology": pathology}
            for number, pathology in enumerate(of_lesions)
            if pathology != "normal"
        ]
    run.fill("scan", scans)
    if lesions:
        run.fill("lesion", lesions)


def many(count: int, seed: int = 1, name: str = "P") -> dict[str, list[str]]:
    """Patients with up to two lesions."""
    chance = random.Random(seed)
    return {f"{name}_{k:03}": chance.choices(PATHOLOGIES, k=chance.randint(1, 2)) for k in range(count)}


def as_pairs(rows: list[dict[str, Any]]) -> dict[str, tuple[str, bool]]:
    return {row["patient"]: (row["partition"], row["validation"]) for row in rows}


@pytest.mark.parametrize(
    ("train", "test", "validation", "seed"),
    [("0.8", "0.1", "0.1", 0), ("0.8", "0.1", "0.1", 5), ("0.5", "0.25", "0.2", 0), ("0.6", "0.3", "0", 1)],
)
def test_partition_equals_the_slow_definition(run: Any, train: str, test: str, validation: str, seed: int) -> None:
    patients = many(120)
    fill_patients(run, patients)
    found = run.make("partition", train=float(train), test=float(test), validation=float(validation), seed=str(seed))
    worst = {patient: naive.worst(pathologies) for patient, pathologies in patients.items()}
    assert as_pairs(found) == naive.partition(worst, train, test, validation, seed)


def test_a_seed_repeats_and_another_differs(run: Any) -> None:
    fill_patients(run, many(60))
    first = as_pairs(run.ask("partition", **SHARES))
    assert first == as_pairs(run.ask("partition", **SHARES))
    assert first != as_pairs(run.ask("partition", **SHARES | {"seed": "1"}))


@pytest.mark.parametrize(
    ("patients", "train", "test", "holdout"),
    [(1, 1, 0, 0), (2, 2, 0, 0), (3, 3, 0, 0), (4, 3, 1, 0), (5, 4, 1, 0), (6, 5, 1, 0), (7, 5, 1, 1), (10, 8, 1, 1)],
)
def test_a_small_stratum_fills_train_first(run: Any, patients: int, train: int, test: int, holdout: int) -> None:
    fill_patients(run, {f"P_{k}": ["malignant"] for k in range(patients)})
    parts = Counter(row["partition"] for row in run.ask("partition", **SHARES))
    assert (parts["train"], parts["test"], parts["holdout"]) == (train, test, holdout)


def test_every_stratum_is_split_alike(run: Any) -> None:
    fill_patients(
        run,
        {f"{name}_{k}": [name] for name in ("normal", "benign", "malignant", "unproven") for k in range(50)},
    )
    rows = run.ask("partition", **SHARES)
    for name in ("normal", "benign", "malignant", "unproven"):
        of_stratum = [row for row in rows if row["patient"].startswith(f"{name}_")]
        assert Counter(row["partition"] for row in of_stratum) == {"train": 40, "test": 5, "holdout": 5}
        assert sum(row["validation"] for row in of_stratum) == 4
        assert all(row["partition"] == "train" for row in of_stratum if row["validation"])


def test_nobody_moves_when_patients_are_added(run: Any) -> None:
    fill_patients(run, many(40))
    before = as_pairs(run.make("partition", **SHARES))
    fill_patients(run, many(80, seed=2, name="Q"))
    after = as_pairs(run.make("partition", **SHARES))
    assert len(after) == 120 and after.items() >= before.items()
    worst = {row["patient"]: row["pathology"] for row in run.rows("from patient_pathology")}
    for stratum, size in Counter(worst.values()).items():
        parts = Counter(after[patient][0] for patient in worst if worst[patient] == stratum)
        wanted = naive.quotas(size, [naive.Fraction(8, 10), naive.Fraction(1, 10), naive.Fraction(1, 10)])
        assert [parts["train"], parts["test"], parts["holdout"]] == wanted


@pytest.mark.parametrize(
    ("lists", "partition"),
    [
        (["train"], "train"),
        (["test"], "test"),
        (["holdout"], "holdout"),
        (["train", "holdout"], "train"),
        (["test", "train"], "train"),
        (["test", "holdout"], "test"),
        (["holdout", "holdout"], "holdout"),
    ],
)
def test_who_is_in_two_lists_goes_to_train_or_else_to_test(run: Any, lists: list[str], partition: str) -> None:
    fill_patients(run, {"A": ["benign"], "B": ["normal"]})
    rows = ", ".join(f"('A', '{name}')" for name in lists)
    run.connection.execute(f"create view list as from (values {rows}, ('Z', 'train')) as l (patient, list)")
    run.connection.execute(f"create view listed as {statement('listed')}")
    assert as_pairs(run.ask("partition_from_lists", validation=0.1, seed="0")) == {"A": (partition, False)}


def test_lists_keep_a_share_of_train_for_validation(run: Any) -> None:
    fill_patients(run, {f"P_{k:02}": [("benign", "malignant")[k % 2]] for k in range(40)})
    run.connection.execute("create view list as select distinct patient, 'train' as list from scan")
    run.connection.execute(f"create view listed as {statement('listed')}")
    rows = run.ask("partition_from_lists", validation=0.1, seed="0")
    validating = [int(row["patient"][2:]) for row in rows if row["validation"]]
    assert len(rows) == 40 and sorted(number % 2 for number in validating) == [0, 0, 1, 1]


@pytest.mark.skipif(not AUTHORS.is_dir(), reason="../shared/data/authors is not there")
def test_the_authors_lists_split_five_patients(run: Any) -> None:
    run.connection.register("list", read_partition_lists(AUTHORS / "images.csv").to_arrow())
    rows = run.ask("listed")
    split = {row["patient"]: row["partition"] for row in rows if len(row["lists"]) > 1}
    assert split == {"A_1632": "train", "B_3159": "test", "B_3470": "train", "C_0412": "train", "C_0478": "train"}
