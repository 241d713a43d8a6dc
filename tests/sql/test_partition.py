"""`partition`: whole patients, stratified, repeatable, and nobody moves."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from deepminer_ray.database.statement import statement
from deepminer_ray.database.tables import Tables
from deepminer_ray.errors import BadInput
from deepminer_ray.stages.partition import fill_from_lists, read_partition_lists
from deepminer_ray.stages.patients import join_patients, refuse_written_twice
from tests import naive
from tests.conftest import SHARED
from tests.made_up import shared_case

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


def test_lists_may_name_who_is_for_validation(run: Any) -> None:
    fill_patients(run, {f"P_{k:02}": ["benign"] for k in range(40)})
    run.connection.execute(
        "create view list as from (values ('P_00', 'train'), ('p-1', 'validation'), ('P_02', 'validation'), "
        "('P_02', 'train'), ('P_03', 'test'), ('P_03', 'validation')) as l (patient, list)"
    )
    run.connection.execute(f"create view listed as {statement('listed')}")
    rows = run.ask("partition_from_lists", validation=0.9, seed="0")
    assert as_pairs(rows) == {
        "P_00": ("train", False),
        "P_01": ("train", True),
        "P_02": ("train", False),
        "P_03": ("test", False),
    }
    assert len(run.ask("unlisted")) == 36 and run.ask("listed_unseen") == []


SPELLINGS = [
    ("P_7", "p_7", True),
    ("P_7", "P-07", True),
    ("P_7", "p 7 ", True),
    ("0012", "12", True),
    ("10006", "10006.0", True),
    ("Müller", "MU\u0308LLER\u00a0", True),
    ("A1_2", "A12", False),
    ("A_0001", "B_0001", False),
    ("10", "1", False),
    ("P_1_2", "P_12", False),
    ("1.2.840.1", "1.2.840.10", False),
]


@pytest.mark.parametrize(("one", "other", "same"), SPELLINGS)
def test_names_that_differ_in_nothing_that_counts_are_of_one_patient(
    run: Any, one: str, other: str, same: bool
) -> None:
    for name, scans in ((one, 2), (other, 1)):
        run.fill("scan", [{"scan": f"{name} {k}", "patient": name, "file": f"{name}{k}.png"} for k in range(scans)])
    assert bool(run.audit("patient_written_twice")) == same
    tables = Tables(run.connection)
    if same:
        with pytest.raises(BadInput, match="several names each"):
            refuse_written_twice(tables)
    assert join_patients(tables) == ([f"{other!r} as {one!r}"] if same else [])
    assert {row["patient"] for row in run.rows("from scan")} == ({one} if same else {one, other})
    assert [row["file"] for row in run.rows("from repair")] == ([f"{other}0.png"] if same else [])
    refuse_written_twice(tables)
    assert not run.audit("patient_written_twice")


def test_a_name_that_has_a_partition_stays(run: Any) -> None:
    """However many scans are catalogued under another way to write it: nobody moves."""
    run.fill("partition", [{"patient": "P_7", "partition": "test"}])
    run.fill("scan", [{"scan": str(k), "patient": "p_7"} for k in range(3)])
    assert join_patients(Tables(run.connection)) == ["'p_7' as 'P_7'"]


LISTS = "patient,partition\np0,training\nP-01,val\np2,Test\np3,train\n"


def test_lists_in_other_words_are_read_and_what_they_leave_out_is_said(
    run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_patients(run, {f"p{k}": ["benign"] for k in range(12)})
    file = tmp_path / "lists.csv"
    file.write_text(LISTS + "q,test\np4,\n")
    fill_from_lists(Tables(run.connection), file, {"validation": 0.1, "seed": "0"})
    assert as_pairs(run.rows("from partition")) == {
        "p0": ("train", False),
        "p1": ("train", True),
        "p2": ("test", False),
        "p3": ("train", False),
    }
    said = capsys.readouterr().err
    assert "training is read as train, val is read as validation" in " ".join(said.split())
    assert "8 patients are in no list and have no partition: p10, p11, p4, p5, p6 and 3 more" in said
    assert "1 of 5 patients of the lists have no image here: q" in said and "no share of train is drawn" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("patient,partition\np0,train\np1,fold1\n", "Line 3 of .*, column partition: 'fold1' means no partition"),
        ("patient,partition\np0,eval\n", "'eval' means no partition: write train, test, holdout or validation"),
        ("patient,split\nanonymous,train\n", "Line 2 of .*, column patient: 'anonymous' names no patient"),
        ("patient;group\np0;train\n", "its columns, separated by semicolons, are 'patient', 'group'"),
        ("patient,partition\nx1,train\nx2,test\n", "No patient of .* has an image here: it names x1, x2"),
        ("patient,partition\np0,\n", "No patient of .* has an image here: it names nobody"),
    ],
)
def test_lists_that_cannot_be_taken_are_refused(run: Any, tmp_path: Path, text: str, said: str) -> None:
    fill_patients(run, {"p0": ["benign"], "p1": ["normal"]})
    (tmp_path / "lists.csv").write_text(text)
    with pytest.raises(BadInput, match=said):
        fill_from_lists(Tables(run.connection), tmp_path / "lists.csv", {"validation": 0.1, "seed": "0"})


@pytest.mark.parametrize(("separator", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-16"), (",", "cp1252")])
def test_lists_are_read_as_a_spreadsheet_saves_them(tmp_path: Path, separator: str, encoding: str) -> None:
    lines = [("Patient ID", "Age", "Split"), ("Zoë", "61", "TRAINING"), ("0012", "", "hold-out"), ("", "", "")]
    (tmp_path / "lists.csv").write_bytes("\r\n".join(map(separator.join, lines)).encode(encoding))
    rows = read_partition_lists(tmp_path / "lists.csv").to_dicts()
    assert rows == [{"patient": "Zoë", "list": "train"}, {"patient": "0012", "list": "holdout"}]


def test_the_shared_lists_are_read(tmp_path: Path) -> None:
    rows = read_partition_lists(shared_case("lists_with_other_words", tmp_path) / "src" / "lists.csv").to_dicts()
    assert {row["patient"]: row["list"] for row in rows} == {
        "p0": "train",
        "p1": "validation",
        "p2": "test",
        "p3": "train",
    }
