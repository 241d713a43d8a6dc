"""The phantom proof: where units detect what they are named after, explanations stand far above chance, and with the
same names shuffled over the units they do not."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from scipy.stats import ttest_1samp

from deepminer_ray.database.run import Run
from deepminer_ray.explanations.chance import chances, mean_score, p_value
from deepminer_ray.explanations.matching import matching
from deepminer_ray.explanations.naming import naming
from deepminer_ray.explanations.words import load_words
from deepminer_ray.stages.annotate import annotate
from deepminer_ray.stages.chain import chain
from deepminer_ray.stages.explain import explain
from deepminer_ray.stages.score import score
from tests.domains import MAMMOGRAPHY
from tests.planted import COPIES, KINDS, write_network, write_patients

pytestmark = pytest.mark.proof

PATIENTS = 160
SHUFFLES = 40
LEVEL = 0.01 / 7
"""0.01 for seven scores together, each of which may be the one that is small by luck."""
SAID = [f"{field} {measure}" for field in ("lesion type", "shape", "margins") for measure in ("precision", "recall")]


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A direction of its own for every word: what is not the same word, or its plural, is not alike."""
    words = sorted({word.lower() for _, said in KINDS for value in said.values() for word in value.split("_")})
    directions = np.eye(len(words), dtype=np.float32)
    made = KeyedVectors(len(words))
    plural = directions[words.index("calcification")]
    made.add_vectors([*words, "calcifications"], np.vstack([directions, plural]))
    file = tmp_path_factory.mktemp("words") / "words.txt"
    made.save_word2vec_format(str(file))
    return file


@pytest.fixture(scope="module")
def run(ray: object, vectors: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The chain on planted patients, by a planted network, named after the lesions on the test partition."""
    folder = tmp_path_factory.mktemp("proof")
    write_patients(folder / "patients", PATIENTS)
    write_network(folder / "network.pt")
    made = Run.created(folder / "run")
    chain(
        made,
        source=str(folder / "patients"),
        checkpoint=str(folder / "network.pt"),
        annotations=None,
        from_lesions=True,
        vectors=str(vectors),
        train=0.1,
        test=0.6,
        ranked=COPIES * len(KINDS),
        workers=2,
    )
    yield made


def scores(run: Run) -> dict[tuple[str, int | None], dict[str, Any]]:
    return {(row["metric"], row["depth"]): row for row in run.rows("score_of") if row["mode"] == "fixed"}


def test_every_decision_is_right_and_made_by_its_units(run: Run) -> None:
    judged = run.ask("from judgement semi join explanation using (scan)").to_pylist()
    assert len(judged) >= 40 and all(row["right"] for row in judged)
    for row in run.ask("from explanation join lesion using (scan)").to_pylist():
        kind = row["unit"] // COPIES
        assert row["shape"] == KINDS[kind][1].get("shape") or row["distribution"] == KINDS[kind][1].get("distribution")
    shares = run.ask("select scan, sum(share) as share from explanation join lesion using (scan) group by scan")
    assert all(row["share"] == pytest.approx(1) for row in shares.to_pylist()), "the eight are all that speaks"


def test_units_are_named_after_what_was_planted(run: Run) -> None:
    names = {row["unit"]: row["phenomenon"] for row in run.rows("unit_name")}
    assert len(names) == COPIES * len(KINDS)
    for unit, name in names.items():
        words = {word.lower() for value in KINDS[unit // COPIES][1].values() for word in value.split("_")}
        assert words == {word.removesuffix("s") if word == "calcifications" else word for word in name.split()}


def test_maps_and_peaks_lie_on_the_lesions(run: Run) -> None:
    """The class activation map is centred on the lesion to within a stride, and no peak lies further outside it."""
    (layer,) = run.ask("from layer").to_pylist()
    located = run.ask("from lesion join scan_map using (scan) where shows = 'class activation map'").to_pylist()
    assert len(located) >= 30
    for row in located:
        cells = np.array(row["map"]).reshape(row["map_height"], row["map_width"])
        down, across = np.indices(cells.shape)
        x, y = (layer["offset"] + layer["stride"] * (cells * at).sum() / cells.sum() for at in (across, down))
        assert abs(x - row["x"] - row["width"] / 2) <= layer["stride"]
        assert abs(y - row["y"] - row["height"] / 2) <= layer["stride"]
        for unit in json.loads((run.folder / "figures" / f"{row['scan']}.json").read_text())["units"]:
            assert abs(unit["x"] - row["x"] - row["width"] / 2) <= row["width"] / 2 + layer["stride"]
            assert abs(unit["y"] - row["y"] - row["height"] / 2) <= row["height"] / 2 + layer["stride"]
    pointed = scores(run)["pointing game", 8]
    assert pointed["value"] > 0.8 and pointed["p"] < 0.01


def test_names_from_the_truth_stand_far_above_chance(run: Run) -> None:
    found = scores(run)
    for metric in ("greedy matching", *SAID):
        for depth in (1, 8):
            row = found[metric, depth]
            assert row["p"] < LEVEL and row["value"] > row["null_value"] + 0.2, (metric, depth)
            assert row["value"] > 0.95, (metric, depth)
    for metric in ("deletion", "insertion"):
        assert found[metric, 8]["p"] < 0.01
    assert found["deletion", 8]["value"] > 0.5, "without its eight units nothing is left of a finding"
    assert found["class activation map IoU", None]["p"] < 0.01


def shuffled(names: dict[int, str], seed: int) -> dict[int, str]:
    values = list(names.values())
    random.Random(seed).shuffle(values)
    return dict(zip(names, values, strict=True))


def test_shuffled_names_do_not_through_the_whole_chain(run: Run, vectors: Path, tmp_path: Path) -> None:
    """The same names go round, so that every kind's eight units have all eight and none keeps its own by luck."""
    names = {row["unit"]: row["phenomenon"] for row in run.rows("unit_name")}
    file = tmp_path / "names.json"
    mixed = {unit: names[COPIES * ((unit // COPIES + unit % COPIES + 1) % len(KINDS))] for unit in names}
    assert sorted(mixed.values()) == sorted(names.values())
    said = [{"unit": unit, "annotator": "lesion keywords", "phenomenon": name} for unit, name in mixed.items()]
    file.write_text(json.dumps(said))
    annotate(run, str(file))
    explain(run, workers=2)
    score(run, vectors=str(vectors))
    found = scores(run)
    for metric in ("greedy matching", *SAID):
        assert found[metric, 8]["p"] > LEVEL, metric
    assert found["pointing game", 8]["p"] < 0.01, "where units point has nothing to do with their names"


def test_many_shuffles_score_as_chance_does(run: Run, vectors: Path) -> None:
    """Eight kinds are few, and films of a kind share their luck: single shuffles stray, all together do not."""
    words = load_words(vectors, MAMMOGRAPHY.fields)
    names = {row["unit"]: row["phenomenon"] for row in run.rows("unit_name")}
    rows = run.ask(
        "select scan, any_value(patient) as patient, any_value(report) as report, list(unit order by rank) as units "
        "from explanation join lesion using (scan) join scan using (scan) group by scan order by scan"
    ).to_pylist()
    patients, reports = [row["patient"] for row in rows], [row["report"] for row in rows]
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(SHUFFLES):
        mixed = shuffled(names, seed)
        texts = [". ".join(mixed[unit] for unit in row["units"]) for row in rows]
        scores = {"greedy matching": matching(texts, reports, words, "fixed")}
        for field, (precision, recall) in naming(texts, reports, MAMMOGRAPHY.fields, MAMMOGRAPHY.scored).items():
            scores |= {f"{field} precision": precision, f"{field} recall": recall}
        for metric, of in zip(scores, chances(list(scores.values()), patients, shuffles=200), strict=True):
            value = mean_score(of.observed)
            found.setdefault(metric, []).append((value - of.mean, p_value(value, of.null)))
    for metric, of_shuffles in found.items():
        gain, p = np.array(of_shuffles).T
        assert ttest_1samp(gain, 0).pvalue > LEVEL and np.median(p) > 0.1, (metric, gain.mean(), np.median(p))
