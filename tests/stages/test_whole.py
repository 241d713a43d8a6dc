"""Whole images go through all stages as one input each, with the class of the image."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gensim.models import KeyedVectors
from PIL import Image

from deepminer_ray.database.framing import framing_of
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import load, save
from deepminer_ray.patches.scan import framed
from deepminer_ray.patches.shard import read_patches, read_scan, shard
from deepminer_ray.patches.whole import Framing
from deepminer_ray.sources.image import read_colour
from deepminer_ray.stages.annotate import annotate
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.dissect import dissect
from deepminer_ray.stages.evaluate import evaluate
from deepminer_ray.stages.explain import explain
from deepminer_ray.stages.explain_image import explain_images
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import probe
from deepminer_ray.stages.rank import rank
from deepminer_ray.stages.score import score
from deepminer_ray.stages.train import train
from deepminer_ray.survey.gallery import Gallery
from deepminer_ray.survey.pictures import WHOLE_PICTURE
from tests.colours import disc_run, discs, written

WIDTH, HEIGHT = 96, 64
CLASSES = ("paper", "blue", "red")


def rows(run: Run, statement: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = run.ask(statement).to_pylist()
    return answer


@pytest.fixture(scope="module")
def run(ray: object, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Half of the images are wide, half are tall; where their discs lie nobody knows."""
    made = disc_run(tmp_path_factory.mktemp("whole"), outlined=False, tall=True)
    partition(made)
    cut(made, whole=f"{WIDTH}x{HEIGHT}")
    return made


def test_each_image_is_one_input_in_its_corner(run: Run) -> None:
    patches = rows(run, "from patch join scan using (scan) left join patch_size using (patch) order by patch")
    assert [row["patch"] for row in patches] == [number * 65_536 for number in range(18)]
    framing = framing_of(run)
    assert framing == Framing(HEIGHT, 3, (WIDTH, HEIGHT))
    for row in patches:
        expected = framed(read_colour(Path(row["file"])), framing)
        stored = read_scan(run.folder / "scan", row["scan_number"])
        assert (stored == expected).all()
        (pixels,) = read_patches(shard(run.folder / "patch", row["scan_number"]), [row["patch"]])
        down, across = expected.shape[:2]
        assert pixels.shape == (HEIGHT, WIDTH, 3)
        assert (pixels[:down, :across] == expected).all() and not pixels[down:].any() and not pixels[:, across:].any()
        assert (row["x"], row["y"], row["width"], row["height"]) == (0, 0, row["columns"], row["rows"])
        assert row["size"] / HEIGHT == pytest.approx(max(row["columns"] / WIDTH, row["rows"] / HEIGHT), rel=0.01)
    assert not run.audit().keys() - {"scan_without_partition"}


def test_an_image_has_the_class_of_its_worst_finding(run: Run) -> None:
    labels = {row["scan"]: row["class"] for row in rows(run, "from label join patch using (patch)")}
    assert labels == {f"image_{number:02d}": ("red", "blue", "paper")[number % 3] for number in range(18)}


def test_the_size_is_kept_and_another_way_to_cut_is_refused(run: Run) -> None:
    (stage,) = rows(run, "from stage where stage = 'cut'")
    kept = json.loads(stage["parameters"])
    assert (kept["side"], kept["whole"]) == (HEIGHT, [WIDTH, HEIGHT])
    cut(run, whole=f"{WIDTH}x{HEIGHT}")
    for other in ({"side": HEIGHT}, {"whole": "64x96"}):
        with pytest.raises(BadInput, match="was finished with"):
            cut(run, **other)
    with pytest.raises(BadInput, match="too small"):
        cut(run, whole="16x64", again=True)


@pytest.fixture(scope="module")
def explained(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = Run(shutil.copytree(run.folder, tmp_path_factory.mktemp("explained") / "run"))
    torch.manual_seed(0)
    network = build("squeezenet1_1", classes=CLASSES)[0]
    square = made.folder / "square.pt"
    save(square, network, HEIGHT, "imagenet", channels=3)
    with pytest.raises(BadInput, match="--side 64 --again"):
        probe(made, checkpoint=str(square), partitions=["all"], workers=0)
    save(made.folder / "checkpoint" / "network.pt", network, HEIGHT, "imagenet", (WIDTH, HEIGHT), 3)
    probe(made, partitions=["all"], workers=0)
    evaluate(made, partitions=["all"])
    rank(made, partitions=["all"], ranked=4, workers=0)
    names = made.folder / "names.json"
    units = [row["unit"] for row in rows(made, "select distinct unit from unit_rank order by unit")]
    names.write_text(json.dumps([{"unit": unit, "annotator": "Anna", "phenomenon": "red disc"} for unit in units]))
    annotate(made, str(names))
    explain(made, partitions=["all"], workers=0)
    return made


def test_all_stages_work_on_whole_images(explained: Run) -> None:
    assert explained.audit() == {}
    (layer,) = rows(explained, "from layer")
    assert (layer["side"], layer["map_width"], layer["map_height"]) == (HEIGHT, 5, 3)
    assert rows(explained, "select count(*) as n from prediction")[0]["n"] == 18 * 3
    for row in rows(explained, "from peak_box join scan using (scan)"):
        assert 0 <= row["x"] <= row["x"] + row["width"] <= row["columns"]
        assert 0 <= row["y"] <= row["y"] + row["height"] <= row["rows"]
    for row in rows(explained, "from concept_evidence join scan using (scan) where x is not null"):
        assert 0 <= row["x"] <= row["columns"] + 16 and 0 <= row["y"] <= row["rows"] + 16
    assert (explained.folder / "casebook.html").is_file()
    with pytest.raises(BadInput, match="whole images"):
        dissect(explained)


def test_a_peak_lies_where_it_is_on_the_scan(explained: Run) -> None:
    """Naive: the centre of the peak's cell, enlarged by how much the image was made smaller."""
    (layer,) = rows(explained, "from layer")
    for row in rows(explained, "from activation join peak_box using (patch, unit) join scan using (scan) limit 400"):
        scale = max(row["columns"] / WIDTH, row["rows"] / HEIGHT)
        x = (layer["offset"] + row["peak_x"] * layer["stride"] + 0.5) * scale
        y = (layer["offset"] + row["peak_y"] * layer["stride"] + 0.5) * scale
        if x < row["columns"] - 1 and y < row["rows"] - 1:
            assert row["cell_x"] - 2 <= x <= row["cell_x"] + row["cell_width"] + 2
            assert row["cell_y"] - 2 <= y <= row["cell_y"] + row["cell_height"] + 2


def test_without_outlines_the_pointing_game_is_left_out(
    explained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = KeyedVectors(2)
    vectors.add_vectors(["red", "blue", "disc", "hue"], np.eye(4, 2, dtype=np.float32) + 0.1)
    vectors.save_word2vec_format(str(tmp_path / "words.txt"))
    score(explained, vectors=str(tmp_path / "words.txt"), partitions=["all"])
    metrics = {row["metric"] for row in rows(explained, "from score")}
    assert "deletion" in metrics and "greedy matching" in metrics and not metrics & {"pointing game", "unit map IoU"}
    assert "pointing game and overlap of maps are left out" in capsys.readouterr().err


def test_the_survey_shows_whole_images(explained: Run) -> None:
    gallery = Gallery(explained, ["train", "test", "holdout"])
    unit = rows(explained, "select unit from unit_rank limit 1")[0]["unit"]
    patches = gallery.patches(unit)
    sheet = np.asarray(Image.open(gallery.sheet(unit, "none")))
    assert sheet.shape[:2] == (WHOLE_PICTURE * len(patches), WHOLE_PICTURE)
    for row in patches:
        scan = gallery.scans({row["scan_number"]})[row["scan_number"]]
        assert row["box"] == pytest.approx([0, 0, scan["width"], scan["height"]])
        assert read_scan(explained.folder / "scan", row["scan_number"]).shape[:2] == (scan["height"], scan["width"])


def test_an_image_that_no_run_has_seen_is_explained(explained: Run, tmp_path: Path) -> None:
    explain_images(explained, [written(tmp_path / "new.png", discs("red", 99, 200, 90)[0])])
    assert (explained.folder / "figures" / "image-new.png").is_file()


@pytest.mark.slow
def test_training_keeps_the_size_with_the_network(run: Run, tmp_path: Path) -> None:
    made = Run(shutil.copytree(run.folder, tmp_path / "run"))
    train(made, network="squeezenet1_1", weights="none", epochs=1, batch=4, rotation=15, keep="last")
    trained = load(made.folder)
    assert (trained.side, trained.whole, trained.channels) == (HEIGHT, (WIDTH, HEIGHT), 3)


def test_outlines_of_findings_lie_in_their_image(ray: object, tmp_path: Path) -> None:
    made = disc_run(tmp_path, 6, tall=True)
    cut(made, whole="64x64")
    overlap = rows(made, "from overlap join lesion using (lesion) join scan using (scan)")
    assert len(overlap) == 4
    for row in overlap:
        assert row["within"] == 1 and row["cover"] == row["width"] * row["height"] / (row["rows"] * row["columns"])
