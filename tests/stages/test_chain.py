"""The whole chain on four phantom patients: DDSM directory to scored explanations, killed and repeated."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from deepminer_ray.database.run import Run
from deepminer_ray.database.tables import STAGES
from deepminer_ray.errors import BadInput
from deepminer_ray.explanations.words import train_words
from deepminer_ray.phantom.patient import write_phantom
from deepminer_ray.report.summary import evaluated, summary
from deepminer_ray.sources.kinds import SOURCE_KINDS
from deepminer_ray.stages.chain import chain
from deepminer_ray.stages.dissect import dissect
from deepminer_ray.stages.explain_image import explain_images
from deepminer_ray.stages.probe import probe

PARTITION_OF = {"1001": "test", "1002": "holdout", "1003": "train", "1005": "train"}
"""By case: a normal, a benign, a malignant and a benign patient."""
PAGE = (Path(__file__).parents[2] / "docs" / "sql.md").read_text()
QUESTIONS = dict(re.findall(r"^## \d+\. (.+\?)\n\n```sql\n([^`]+)```\n\n[A-Z]", PAGE, re.MULTILINE))
SMALL = {"side": 64, "network": "shufflenet_v2_x0_5", "until": "stage4", "weights": "none"}
SMALL |= {"epochs": 1, "batch": 8, "learning_rate": 0.01}
UNITS = 192


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four phantom patients: the training partition needs findings of both kinds, another benign one is explained."""
    directory = tmp_path_factory.mktemp("phantoms")
    write_phantom(directory, patients=5, seed=1, columns=320)
    (second_normal,) = directory.glob("normals/*/case1004")
    shutil.rmtree(second_normal)
    return directory


@pytest.fixture(scope="module")
def lists(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four patients are too few to be split by shares."""
    file = tmp_path_factory.mktemp("lists") / "lists.csv"
    with file.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["patient", "partition"])
        for number, partition in PARTITION_OF.items():
            (case,) = phantoms.glob(f"*/*/case{number}/*.ics")
            rows.writerow(["_".join(case.stem.split("-")[:2]), partition])
    return file


@pytest.fixture(scope="module")
def options(phantoms: Path, lists: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    vectors = tmp_path_factory.mktemp("words") / "words.txt"
    train_words(phantoms / "corpus.txt", vectors)
    return {
        "source": str(phantoms),
        "lists": str(lists),
        "annotations": None,
        "from_lesions": True,
        "naming": "frequent",  # four patients are too few for any contrast
        "vectors": str(vectors),
        **SMALL,
    }


@pytest.fixture(scope="module")
def run(ray: object, options: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = Run.created(tmp_path_factory.mktemp("runs") / "run")
    chain(made, **options)
    return made


def count(run: Run, table: str) -> int:
    return int(run.ask(f"select count(*) from {table}").column(0)[0].as_py())


def rows(run: Run, table: str, order: str = "all") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.ask(f"from {table} order by {order}").to_pylist()
    return found


def test_every_stage_is_finished_and_nothing_is_wrong(run: Run) -> None:
    assert [row["stage"] for row in run.rows("status")] == [stage for stage in STAGES if stage != "dissect"]
    assert run.audit() == {}


def test_all_scans_are_catalogued_cut_and_probed(run: Run, phantoms: Path) -> None:
    assert count(run, "scan") == len(list(phantoms.rglob("*.LJPEG"))) == 16
    assert count(run, "rejected") == 0
    assert len(list((run.folder / "patch").glob("*.parquet"))) == 16
    units = count(run, "weight") // 3
    assert units == UNITS
    normal = "label join patch using (patch) join scan using (scan) semi join (from partition where partition = 'test')"
    patches = count(run, f"{normal} using (patient)")
    assert count(run, "activation") == patches * units > 0
    assert count(run, "prediction") == patches * 3
    assert count(run, "response") == 8 * units
    assert count(run, "evidence") == 8 * units * 3


def test_lesions_are_those_that_were_planted(run: Run, phantoms: Path) -> None:
    truth = json.loads((phantoms / "truth.json").read_text())
    planted = (
        {f["lesion"]: f for f in truth} if isinstance(truth, list) else {f["lesion"]: f for f in truth["findings"]}
    )
    found = {row["lesion"]: row for row in rows(run, "lesion")}
    assert found.keys() == planted.keys() and found
    for lesion, row in found.items():
        assert all(row[name] == planted[lesion][name] for name in ("pathology", "x", "y", "width", "height"))


def test_a_scans_ledger_explains_its_deciding_cell(run: Run) -> None:
    """Sum of weight times unit value and bias, over the classes, gives the probability that decided."""
    import numpy as np

    for scan in {row["scan"] for row in rows(run, "scan_prediction")}:
        values = {
            name: run.ask(f"select sum(term) as logit from ledger('{scan}', '{name}')").column(0)[0].as_py()
            for name in ("benign", "malignant")
        }
        evidence = rows(run, f"evidence where scan = '{scan}' and class = 'malignant'", "unit")
        weights = {(row["class"], row["unit"]): row["weight"] for row in rows(run, "weight")}
        biases = {row["class"]: row["bias"] for row in rows(run, "bias")}
        logits = {
            name: bias + sum(weights[name, row["unit"]] * row["activation"] for row in evidence)
            for name, bias in biases.items()
        }
        assert values["malignant"] == pytest.approx(logits["malignant"], abs=1e-4)
        share = np.exp(logits["malignant"]) / sum(np.exp(value) for value in logits.values())
        (said,) = rows(run, f"scan_prediction where scan = '{scan}' and class = 'malignant'", "scan")
        assert said["probability"] == pytest.approx(share, abs=1e-4)


def test_every_measure_is_stored_with_its_interval_and_drawn(answered: Run) -> None:
    areas = {(row["partition"], row["level"], row["class"]): row for row in rows(answered, "auc")}
    measured = rows(answered, "measure where against = 'rest'")
    assert {row["measure"] for row in measured} >= {"auc", "pauc", "pauc_paper", "average_precision", "brier"}
    for row in measured:
        area = areas[row["partition"], row["level"], row["class"]]
        if row["measure"] in ("auc", "pauc", "pauc_paper"):
            assert row["value"] == pytest.approx(area[row["measure"]], abs=1e-9)
        assert (row["positives"], row["negatives"]) == (area["positives"], area["negatives"])
    calls = (
        "(select true_positives + false_positives + false_negatives + true_negatives as items, * from operating_point)"
    )
    for row in rows(answered, calls):
        key = " and ".join(f"{name} = '{row[name]}'" for name in ("partition", "level", "class", "against"))
        assert row["items"] == len(rows(answered, f"scored where {key}"))
    decided = rows(answered, "(select level, class, sum(items) as items from confusion group by all)")
    known = {(row["level"], row["known"]) for row in rows(answered, "answered")}
    assert {(row["level"], row["class"]) for row in decided} == known
    for partition in {row["partition"] for row in measured}:
        for curve in ("roc", "calibration"):
            file = answered.folder / "curves" / f"{curve}_{partition}.png"
            with Image.open(file) as picture:
                assert picture.width > 500
    text = evaluated(answered)
    assert "patients; positives" in text and "val.txt" not in text, (
        "test has normal patches alone, so the paper is not beside them"
    )


def test_the_epoch_kept_is_the_best_on_the_validation_patients_else_the_last(run: Run) -> None:
    epochs = rows(run, "epoch")
    assert [row["kept"] for row in epochs] == [False] * (len(epochs) - 1) + [True]
    assert (run.folder / "curves" / "training.png").is_file()


def test_scans_are_explained_by_named_units_in_pictures(run: Run) -> None:
    explained = rows(run, "explanation", "scan, rank")
    assert len({row["scan"] for row in explained}) == 4
    assert {row["rank"] for row in explained} == set(range(1, 9))
    assert any(row["phenomenon"] for row in explained)
    figures = sorted((run.folder / "figures").glob("*.png"))
    assert [file.stem for file in figures] == sorted({row["scan"] for row in explained})
    for file in figures:
        with Image.open(file) as picture:
            assert picture.width > 1000 and len(picture.convert("L").histogram()) == 256


def test_the_terms_of_units_and_maps_are_exact(run: Run) -> None:
    """The class activation map is the weighted sum of the unit maps, and at its cell the terms add up to the logit."""
    for scan in {row["scan"] for row in rows(run, "explanation")}:
        units = rows(run, f"explanation where scan = '{scan}'", "rank")
        (decided,) = {row["class"] for row in units}
        ledger = {row["unit"]: row["term"] for row in rows(run, f"ledger('{scan}', '{decided}')")}
        positive = sum(term for unit, term in ledger.items() if unit is not None and term > 0)
        for row in units:
            assert row["contribution"] == pytest.approx(ledger[row["unit"]], abs=1e-9)
            assert row["share"] == pytest.approx(ledger[row["unit"]] / positive)
        maps = {
            row["unit"]: row
            for row in rows(run, f"scan_map where scan = '{scan}' and shows in ('unit', 'class activation map')")
        }
        assert maps.keys() == {None, *(row["unit"] for row in units)}
        for row in rows(run, f"response where scan = '{scan}'"):
            if row["unit"] in maps:
                assert max(maps[row["unit"]]["map"]) == row["maximum"]
        bias = run.ask(f"select bias from bias where class = '{decided}'").column(0)[0].as_py()
        assert max(maps[None]["map"]) + bias >= sum(ledger.values()) - 1e-3
        (probability,) = rows(run, f"scan_map where scan = '{scan}' and shows = 'probability'")
        (said,) = rows(run, f"scan_prediction where scan = '{scan}' and class = '{decided}'", "scan")
        deciding = min(abs(cell - said["probability"]) for cell in probability["map"])
        assert deciding < 1e-5 or decided == "normal", "some cell decided; normal is what is left"


def test_concepts_add_up_to_the_logit_and_their_maps_to_the_class_activation_map(run: Run) -> None:
    (layer,) = rows(run, "layer")
    for scan in {row["scan"] for row in rows(run, "explanation")}:
        lines = rows(run, f"concept_evidence where scan = '{scan}'", "contribution")
        (decided,) = {row["class"] for row in lines}
        ledger = {row["unit"]: row["term"] for row in rows(run, f"ledger('{scan}', '{decided}')")}
        assert sum(row["contribution"] for row in lines) + ledger.pop(None) == pytest.approx(
            sum(row["term"] for row in rows(run, f"ledger('{scan}', '{decided}')"))
        )
        assert sum(row["units"] for row in lines) == sum(term != 0 for term in ledger.values())
        called = {row["unit"]: row["phenomenon"] for row in run.rows("unit_called")}
        maps = {row["phenomenon"]: row for row in rows(run, f"scan_map where scan = '{scan}' and shows = 'concept'")}
        assert maps.keys() == {row["phenomenon"] for row in lines} == {called.get(unit) for unit in ledger}
        for row in lines:
            own = sum(term for unit, term in ledger.items() if called.get(unit) == row["phenomenon"])
            assert row["contribution"] == pytest.approx(own, abs=1e-9)
            of = maps[row["phenomenon"]]
            down, across = divmod(of["map"].index(max(of["map"])), of["map_width"])
            (of_scan,) = rows(run, f"scan where scan = '{scan}'")
            scale = min(of_scan["rows"], of_scan["columns"]) / (4 * layer["side"])
            assert row["x"] == pytest.approx((layer["offset"] + across * layer["stride"] + 0.5) * scale, abs=1)
            assert row["y"] == pytest.approx((layer["offset"] + down * layer["stride"] + 0.5) * scale, abs=1)
        (whole,) = rows(run, f"scan_map where scan = '{scan}' and shows = 'class activation map'")
        summed = [sum(cells) for cells in zip(*(of["map"] for of in maps.values()), strict=True)]
        assert summed == pytest.approx(whole["map"], abs=1e-4)
        leads = rows(run, f"concept_argument where scan = '{scan}'", "lead")
        argued = rows(run, f"argument where scan = '{scan}'", "unit")
        assert sum(row["lead"] for row in leads) == pytest.approx(sum(row["lead"] for row in argued))


def test_faithfulness_begins_with_the_decision_and_ends_with_the_bias(run: Run) -> None:
    said = {(row["scan"], row["class"]): row["probability"] for row in rows(run, "scan_prediction")}
    decided = {row["scan"]: row["decided"] for row in rows(run, "judgement")}
    units = count(run, "weight") // 3
    ends = set()
    for row in rows(run, "faithfulness", "scan, curve, units"):
        whole = row["units"] == (0 if row["curve"] == "deletion" else units)
        if whole:
            assert row["probability"] == pytest.approx(said[row["scan"], decided[row["scan"]]], abs=1e-5)
            assert row["random"] == pytest.approx([row["probability"]] * 200, abs=1e-9)
        elif row["units"] in (0, units):
            ends.add((decided[row["scan"]], round(row["probability"], 9)))
    assert len(ends) == len({name for name, _ in ends}) > 0, "without any unit only the bias decides"


def test_each_case_is_a_record_and_a_page_of_the_book(run: Run) -> None:
    explained = {row["scan"] for row in rows(run, "explanation")}
    page = (run.folder / "casebook.html").read_text()
    assert not re.search("https?:", page) and page.count("data:image/jpeg;base64,") == len(explained)
    errors = {row["scan"]: row for row in rows(run, "judgement")}
    for scan in explained:
        case = json.loads((run.folder / "figures" / f"{scan}.json").read_text())
        assert (case["truth"], case["decided"]) == (errors[scan]["truth"], errors[scan]["decided"])
        assert [unit["rank"] for unit in case["units"]] == list(range(1, 9))
        assert ("silence_alone" in case) == (case["right"] is False)
        assert all(one["lead"] > 0 for one in case["concepts_for"]), "right decisions are argued for too"
        for unit in case["units"]:
            assert unit["named"] or unit["phenomenon"] == "unnamed"


def test_units_whose_silence_corrects_were_wrong_scans(run: Run) -> None:
    wrong = {row["scan"] for row in rows(run, "judgement") if row["error"]}
    assert {row["scan"] for row in rows(run, "silence")} <= wrong


def test_a_scan_as_an_image_of_ones_own_is_explained_alike(run: Run, tmp_path: Path) -> None:
    """The same film as 16-bit PNG, without the source: the same decision by the same units."""
    import numpy as np

    scan = min(row["scan"] for row in rows(run, "explanation"))
    (of_scan,) = [row for row in run.rows("scan_to_cut") if row["scan"] == scan]
    density = SOURCE_KINDS[of_scan["source_kind"]].pixels(of_scan)
    grey = np.clip((30_000 - density.astype(np.int64)) * 65535 / 29_500, 0, 65535).round().astype(np.uint16)
    Image.fromarray(grey).save(tmp_path / "own.png")
    explain_images(run, [tmp_path / "own.png"], pdf=True)
    said = json.loads((run.folder / "figures" / "image-own.json").read_text())
    known = json.loads((run.folder / "figures" / f"{scan}.json").read_text())
    assert said["decided"] == known["decided"] and said["right"] is None
    for name, value in known["probabilities"].items():
        assert said["probabilities"][name] == pytest.approx(value, abs=0.01)
    assert {unit["unit"] for unit in said["units"]} & {unit["unit"] for unit in known["units"]}
    for suffix, magic in ((".png", b"\x89PNG"), (".pdf", b"%PDF")):
        assert (run.folder / "figures" / f"image-own{suffix}").read_bytes().startswith(magic)
    before = count(run, "explanation")
    Image.new("RGB", (300, 400)).save(tmp_path / "colour.png")
    with pytest.raises(BadInput, match="1 of 2 images"):
        explain_images(run, [tmp_path / "colour.png", tmp_path / "own.png"])
    assert count(run, "explanation") == before


def test_top_patches_of_ranked_units_carry_their_maps(run: Run) -> None:
    shown = rows(run, "top_patch semi join unit_rank using (unit) left join layer on true", "unit, rank")
    assert shown
    for row in shown:
        assert len(row["map"]) == row["map_width"] * row["map_height"]
        assert max(row["map"]) == pytest.approx(row["maximum"], rel=2e-3, abs=1e-3)


def test_scores_have_their_null(run: Run) -> None:
    scores = rows(run, "score", "metric, mode, depth")
    fixed = [
        f"{field} {measure}" for field in ("lesion type", "margins", "shape") for measure in ("precision", "recall")
    ]
    fixed += ["greedy matching", "pointing game", "unit map IoU", "deletion", "insertion"]
    expected = {("greedy matching", "paper"), *((metric, "fixed") for metric in fixed)}
    assert {(row["metric"], row["mode"], row["depth"]) for row in scores} == {
        *((*key, depth) for key in expected for depth in (1, 8)),
        ("class activation map IoU", "fixed", None),
    }
    always = {"pointing game", "unit map IoU", "class activation map IoU", "deletion", "insertion"}
    assert all(row["n"] for row in scores if row["metric"] in always)
    assert all((row["unknown"] is not None) == (row["metric"] == "greedy matching") for row in scores if row["n"])
    for name in ("score", "faithfulness"):
        assert (run.folder / "curves" / f"{name}.png").stat().st_size > 10_000
    for row in scores:
        if row["n"]:
            assert -1 <= row["value"] <= 1 and row["null_value"] is not None and 0 < row["p"] <= 1


def test_the_summary_names_what_came_out(run: Run) -> None:
    lines = summary(run).splitlines()
    assert 5 <= len(lines) <= 10 and lines[0] == f"run {run.folder}"
    text = "\n".join(lines)
    assert "greedy matching, top 8" in text and "by chance" in text and "names " in text and "AUC " in text
    opened = re.search(r"to open +(\S+), (\S+)", text)
    assert opened and all(Path(file).is_file() for file in opened.groups())
    assert f"deepminer report {run.folder}" in lines[-1]


def test_a_second_run_changes_nothing(run: Run, options: dict[str, Any]) -> None:
    before = run.database.read_bytes()
    chain(run, **options)
    assert run.database.read_bytes() == before


def test_units_are_dissected(answered: Run, tmp_path: Path) -> None:
    """The malignant and the benign patients show concepts."""
    copied = Run(shutil.copytree(answered.folder, tmp_path / "run"))
    dissect(copied, permuted=99, patients=1, workers=0)
    found = rows(copied, "concept")
    concepts = {row["concept"] for row in rows(copied, "lesion_concept")}
    assert {"pathology: benign", "pathology: malignant"} <= {row["concept"] for row in found} <= concepts
    for row in found:
        assert 0 <= row["iou"] <= 1 and 0 <= row["auroc_low"] <= row["auroc"] <= row["auroc_high"] <= 1
        assert 1 / 100 <= row["p"] <= row["q"] <= 1 and row["positives"] > 0 < row["negatives"]
    one = next(row for row in found if row["concept"] == "pathology: malignant")
    shown = copied.select("patch_concept").to_pylist()
    met = {row["patch"]: row["present"] for row in shown if row["concept"] == one["concept"]}
    asked = [row for row in rows(copied, f"activation where unit = {one['unit']}") if met.get(row["patch"], True)]
    area = roc_auc_score([row["patch"] in met for row in asked], [row["maximum"] for row in asked])
    assert one["auroc"] == pytest.approx(area, abs=1e-12)
    assert one["positives"] == sum(met.values())
    assert copied.audit() == {}
    dissect(copied, permuted=99, patients=5, workers=0, again=True)
    assert rows(copied, "concept") == []


@pytest.mark.slow
def test_two_workers_and_two_calls_dissect_alike(answered: Run, tmp_path: Path) -> None:
    copied = Run(shutil.copytree(answered.folder, tmp_path / "run"))
    dissect(copied, permuted=99, patients=1, workers=2)
    once = rows(copied, "concept")
    dissect(copied, permuted=99, patients=1, workers=2)
    dissect(copied, permuted=99, patients=1, workers=1, again=True)
    assert rows(copied, "concept") == once != []
    dissect(copied, permuted=99, patients=1, workers=0, again=True)
    assert rows(copied, "concept") == once


def test_a_killed_probe_goes_on_where_it_stopped(run: Run, tmp_path: Path) -> None:
    other = Run(tmp_path / "run")
    shutil.copytree(run.folder, other.folder)
    command = [sys.executable, "-c", "from deepminer_ray.cli import main; main()"]
    command += ["probe", str(other.folder), "--workers", "0", "--again"]
    probing = subprocess.Popen(command, start_new_session=True)
    until = time.monotonic() + 300
    while not any(file.stat().st_size for file in (other.folder / "store").glob("*.wal")):
        assert time.monotonic() < until and probing.poll() is None
        time.sleep(0.05)
    os.killpg(probing.pid, signal.SIGKILL)
    probing.wait()
    assert count(other, "activation") == count(run, "activation"), "the finished state outlives the kill"

    probe(other, workers=0, again=True)
    for table in ("activation", "prediction", "response", "scan_prediction", "evidence", "histogram"):
        now, before = (one.ask(f"from {table} order by all") for one in (other, run))
        assert now.num_rows and now.equals(before)


@pytest.fixture(scope="module")
def answered(run: Run, ray: object, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run with the patches of all four patients probed and ranked, so that there are findings to ask about."""
    from deepminer_ray.stages.evaluate import evaluate
    from deepminer_ray.stages.rank import rank

    other = Run(tmp_path_factory.mktemp("answered") / "run")
    shutil.copytree(run.folder, other.folder)
    probe(other, partitions=["all"], workers=0, again=True)
    evaluate(other, partitions=["all"])
    rank(other, partitions=["all"], workers=0)
    return other


def test_the_page_asks_twenty_questions() -> None:
    assert len(QUESTIONS) == PAGE.count("```sql") == PAGE.count("\n## ") == 20


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_of_the_page_is_answered_by_plain_duckdb(answered: Run, question: str) -> None:
    """In a process that has DuckDB and nothing of ours."""
    code = (
        "import sys, duckdb; assert not any(name.startswith('deepminer') for name in sys.modules)\n"
        "print(len(duckdb.connect(sys.argv[1], read_only=True).sql(sys.argv[2]).fetchall()))"
    )
    asking = [sys.executable, "-I", "-c", code, str(answered.database), QUESTIONS[question]]
    done = subprocess.run(asking, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
