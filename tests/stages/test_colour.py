"""Images in colour go through all stages: they are cut as they are, and every picture of them has their colours."""

import base64
import json
import re
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import load, save
from deepminer_ray.patches.breast import breast_shares
from deepminer_ray.patches.grid import grid_windows, scan_window
from deepminer_ray.patches.region import foreground
from deepminer_ray.patches.scan import stored
from deepminer_ray.patches.shard import MADE_FROM, read_patches, read_scan, read_scan_and_region, shard
from deepminer_ray.sources.density import DISPLAY
from deepminer_ray.sources.image import read_colour
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.evaluate import evaluate
from deepminer_ray.stages.explain import explain
from deepminer_ray.stages.explain_image import explain_images
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import probe
from deepminer_ray.stages.rank import rank
from deepminer_ray.stages.train import train
from deepminer_ray.survey.gallery import Gallery
from tests.colours import DOMAIN, HUES, catalogued, disc_run, discs, lesion_row, scan_row, written

SIDE = 32
BLOOD = Path(__file__).parents[2] / ".." / "shared" / "data" / "bccd"


def rows(run: Run, statement: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = run.ask(statement).to_pylist()
    return answer


@pytest.fixture(scope="module")
def run(ray: object, tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = disc_run(tmp_path_factory.mktemp("colour"))
    partition(made)
    cut(made, side=SIDE)
    return made


def test_patches_are_windows_of_the_image_resized(run: Run) -> None:
    grid = grid_windows(128, 96, SIDE)
    for scan in rows(run, "from scan order by scan_number limit 3"):
        expected = stored(read_colour(Path(scan["file"])), SIDE, 3)
        assert expected.shape == (96, 128, 3)
        number = scan["scan_number"]
        assert (read_scan(run.folder / "scan", number) == expected).all()
        patches = rows(run, f"from patch where scan = '{scan['scan']}' order by patch")
        windows = [scan_window(window, SIDE, 128, 96, 128, 96, 3) for window in grid]
        assert [(row["x"], row["y"], row["size"]) for row in patches] == windows
        assert {row["breast"] for row in patches} == {1.0}, "all of an image is its region"
        pixels = read_patches(shard(run.folder / "patch", number), [row["patch"] for row in patches])
        for window, patch in zip(grid, pixels, strict=True):
            assert (patch == expected[window.y : window.y + SIDE, window.x : window.x + SIDE]).all()


def test_labels_are_of_the_domain(run: Run) -> None:
    counts = {row["class"]: row["n"] for row in rows(run, "select class, count(*) as n from label group by all")}
    assert set(counts) == {"paper", "red", "blue"} and counts["paper"] > counts["red"] > 0 < counts["blue"]
    assert not run.audit().keys() - {"scan_without_partition"}


def test_the_stage_keeps_the_numbers_that_counted(run: Run, tmp_path: Path) -> None:
    (stage,) = rows(run, "from stage where stage = 'cut'")
    assert {**json.loads(stage["parameters"]), "shards": 0, "storage": 0} == {
        **{"side": SIDE, "breast": 0.5, "cover": 0.3, "within": 0.3},
        **{"shards": 0, "storage": 0},
    }
    other = disc_run(tmp_path, 3, DOMAIN + "\n[labels]\nregion = 0.1\ncover = 0.9\nwithin = 1.0\n")
    cut(other, side=SIDE)
    kept = json.loads(rows(other, "from stage where stage = 'cut'")[0]["parameters"])
    assert (kept["breast"], kept["cover"], kept["within"]) == (0.1, 0.9, 1.0)
    cut(other, side=SIDE, cover=0.5, again=True)
    kept = json.loads(rows(other, "from stage where stage = 'cut'")[0]["parameters"])
    assert (kept["breast"], kept["cover"], kept["within"]) == (0.1, 0.5, 1.0)


def test_another_way_to_look_cuts_again(ray: object, tmp_path: Path) -> None:
    other = disc_run(tmp_path, 3)
    cut(other, side=SIDE)
    assert json.loads((other.folder / "patch" / MADE_FROM).read_text())["how"]["looked"]["patches_across"] == 3
    wide = catalogued(
        other.folder,
        DOMAIN.replace("across = 3", "across = 1").replace("per_patch = 2", "per_patch = 4"),
        rows(other, "from scan"),
        rows(other, "from lesion"),
    )
    cut(wide, side=SIDE)
    assert read_scan(wide.folder / "scan", 0).shape == (32, 43, 3)
    patches = rows(wide, "from patch where scan = 'image_00' order by patch")
    assert [(row["x"], row["size"]) for row in patches] == [(0, 96), (24, 96), (32, 96)]


@pytest.mark.parametrize("shape", [(480, 640), (9, 12), (7, 56), (60, 60)])
def test_images_of_other_sizes_are_cut(ray: object, tmp_path: Path, shape: tuple[int, int]) -> None:
    (tmp_path / "images").mkdir()
    pixels = np.random.default_rng(0).integers(0, 65_536, (*shape, 3), dtype=np.uint16)
    file = written(tmp_path / "images" / "a.png", pixels)
    made = catalogued(tmp_path / "run", DOMAIN, [scan_row(file, 0, *shape)], [])
    cut(made, side=SIDE)
    assert min(read_scan(made.folder / "scan", 0).shape[:2]) == 3 * SIDE
    assert rows(made, "select count(*) as n from patch")[0]["n"] >= 25
    assert not made.audit().keys() - {"scan_without_partition"}


def test_grey_images_among_colours_are_rejected_in_a_sentence(ray: object, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    pixels, _ = discs(None, 0)
    files = [
        written(tmp_path / "images" / "colour.png", pixels),
        written(tmp_path / "images" / "grey.png", pixels[..., 0]),
    ]
    files.append(written(tmp_path / "images" / "told_grey.png", pixels[..., 0]))
    scans = [scan_row(file, number, 96, 128) for number, file in enumerate(files[:2])]
    scans.append(scan_row(files[2], 2, 96, 128, DISPLAY))
    made = catalogued(tmp_path / "run", DOMAIN, scans, [])
    cut(made, side=SIDE)
    reasons = {Path(row["file"]).stem: row["reason"] for row in rows(made, "from rejected")}
    assert reasons.keys() == {"grey", "told_grey"}
    assert "grey.png is grey, not in colour" in reasons["grey"]
    assert "told_grey.png is grey, not in colour" in reasons["told_grey"]
    grey = catalogued(tmp_path / "other", DOMAIN.replace("channels = 3", "channels = 1"), scans[:1], [])
    with pytest.raises(BadInput, match=r"colour\.png is in colour, not grey"):
        cut(grey, side=SIDE)


def test_a_mask_says_where_patches_lie(ray: object, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    pixels, _ = discs(None, 0)
    file = written(tmp_path / "images" / "a.png", pixels)
    without, wrong = (written(tmp_path / "images" / f"{name}.png", pixels) for name in ("without", "wrong"))
    mask = np.zeros((96, 128), np.uint8)
    mask[:, 64:], mask[:, 96:] = 1, 2
    Image.fromarray(mask).save(tmp_path / "mask.png")
    Image.fromarray(mask[:50]).save(tmp_path / "short.png")
    scans = [scan_row(one, number, 96, 128) for number, one in enumerate((file, without, wrong))]
    regions = [{"scan": "a", "file": str(tmp_path / "mask.png"), "value": None}]
    regions.append({"scan": "wrong", "file": str(tmp_path / "short.png"), "value": 7})
    domain = DOMAIN.replace('region = "all"', 'region = "mask"')
    made = catalogued(tmp_path / "run", domain, scans, [], regions)
    cut(made, side=SIDE)
    assert {row["x"] for row in rows(made, "from patch")} == {48, 64, 80, 96}
    region = read_scan_and_region(made.folder / "scan", 0)[1]
    assert region is not None and (region == (mask > 0)).all()
    reasons = {Path(row["file"]).stem: row["reason"] for row in rows(made, "from rejected")}
    assert "no mask" in reasons["without"] and "128 x 50 px" in reasons["wrong"]
    regions[0]["value"] = 2
    again = catalogued(made.folder, domain, scans[:1], [], regions[:1])
    cut(again, side=SIDE)
    assert {row["x"] for row in rows(again, "from patch")} == {80, 96}, "a mask that says otherwise cuts again"


@pytest.mark.skipif(not BLOOD.is_dir(), reason="no blood smears here")
def test_blood_smears_are_cut_where_cells_are(ray: object, tmp_path: Path) -> None:
    files = sorted((BLOOD / "images").glob("*.jpg"))[::70]
    domain = DOMAIN.replace('region = "all"', 'region = "foreground"').replace("across = 3", "across = 4")
    boxes: dict[str, list[dict[str, Any]]] = {}
    for line in (BLOOD / "lesions.csv").read_text().splitlines()[1:]:
        name, kind, x, y, width, height, _ = line.split(",")
        box = {"x": int(x), "y": int(y), "width": int(width), "height": int(height)}
        boxes.setdefault(Path(name).stem, []).append(box) if kind == "white_cell" else None
    scans = [scan_row(file, number, 480, 640) for number, file in enumerate(files)]
    lesions = [
        lesion_row(file.stem, "red", box, number)
        for file in files
        for number, box in enumerate(boxes.get(file.stem, []), 1)
    ]
    made = catalogued(tmp_path / "run", domain, scans, lesions)
    cut(made, side=64)
    grid = grid_windows(341, 256, 64)
    for number, file in enumerate(files):
        whole = stored(read_colour(file), 64, 4)
        pixels, region = read_scan_and_region(made.folder / "scan", number)
        assert (pixels == whole).all() and region is not None and (region == foreground(whole)).all()
        shares = [float(share) for share in breast_shares(region, grid, 64)]
        kept = rows(made, f"from patch where scan = '{file.stem}' order by patch")
        assert [row["breast"] for row in kept] == pytest.approx([share for share in shares if share >= 0.5])
    assert rows(made, "select count(*) as n from label where class = 'red'")[0]["n"] > 0


@pytest.fixture(scope="module")
def explained(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = Run(shutil.copytree(run.folder, tmp_path_factory.mktemp("explained") / "run"))
    torch.manual_seed(0)
    network = build("squeezenet1_1", classes=("paper", "blue", "red"))[0]
    save(made.folder / "checkpoint" / "grey.pt", network, SIDE, "caffe")
    with pytest.raises(BadInput, match="trained on images in grey, and this run's are in colour"):
        probe(made, checkpoint=str(made.folder / "checkpoint" / "grey.pt"), partitions=["all"], workers=0)
    save(made.folder / "checkpoint" / "network.pt", network, SIDE, "caffe", channels=3)
    probe(made, partitions=["all"], workers=0)
    evaluate(made, partitions=["all"])
    rank(made, partitions=["all"], ranked=4, workers=0)
    explain(made, partitions=["all"], workers=0)
    return made


def closest(picture: np.ndarray, hue: str) -> np.ndarray:
    """Where a picture [rows, columns, red green blue] has the colour of a disc."""
    return np.asarray(np.abs(picture[..., :3].astype(int) - np.array(HUES[hue]) // 257).max(axis=2) < 40)


def test_all_stages_work_and_agree(explained: Run) -> None:
    assert explained.audit() == {}
    assert rows(explained, "select count(*) as n from explanation")[0]["n"] > 0
    number = rows(explained, "select count(distinct scan) as n from scan_prediction")[0]["n"]
    assert number == 18
    for row in rows(explained, "from concept_evidence where x is not null"):
        assert 0 <= row["x"] < 128 and 0 <= row["y"] < 96


def test_figures_and_the_case_book_show_colours(explained: Run) -> None:
    picture = np.asarray(Image.open(explained.folder / "figures" / "image_00.png"))
    assert closest(picture, "red").sum() > 500
    page = (explained.folder / "casebook.html").read_text()
    found = re.search(r'<script type="application/json" id="cases">(.*?)</script>', page, re.DOTALL)
    assert found
    (case,) = (one for one in json.loads(found[1]) if one["scan"] == "image_01")
    assert case["colour"] is True
    film = np.asarray(Image.open(BytesIO(base64.b64decode(case["film"].partition(",")[2]))))
    assert closest(film, "blue").sum() > 200 and not closest(film, "red").any()


def test_the_survey_shows_colours(explained: Run) -> None:
    gallery = Gallery(explained, ["train", "test", "holdout"])
    film = np.asarray(Image.open(gallery.scan_file(0)))
    assert film.shape == (96, 128, 3) and closest(film, "red").sum() > 300
    assert gallery.scans({0})[0]["width"] == 128
    unit = rows(explained, "select unit from unit_rank limit 1")[0]["unit"]
    sheet = np.asarray(Image.open(gallery.sheet(unit, "none")))
    assert (np.ptp(sheet, axis=2) > 60).any(), "patches have colours"
    for row in gallery.patches(unit):
        left, top, width, height = row["box"]
        assert width == height == SIDE and left + width <= 128.5 and top + height <= 96.5


def test_an_image_that_no_run_has_seen_is_explained_in_its_colours(explained: Run, tmp_path: Path) -> None:
    pixels, _ = discs("red", 99, 120, 100)
    explain_images(explained, [written(tmp_path / "new.png", pixels)])
    picture = np.asarray(Image.open(explained.folder / "figures" / "image-new.png"))
    assert closest(picture, "red").sum() > 500
    said = json.loads((explained.folder / "figures" / "image-new.json").read_text())
    assert said["decided"] in ("paper", "blue", "red")
    with pytest.raises(BadInput, match=r"grey\.png is grey, not in colour"):
        explain_images(explained, [written(tmp_path / "grey.png", pixels[..., 0])])


@pytest.mark.slow
def test_a_network_learns_colours(run: Run, tmp_path: Path) -> None:
    """The discs are as light as each other: a network that sees no colours cannot tell them."""
    made = Run(shutil.copytree(run.folder, tmp_path / "run"))
    train(made, network="squeezenet1_1", weights="none", epochs=1, batch=16, learning_rate=1e-4, jitter=0.1, flips=True)
    (epoch,) = rows(made, "from epoch")
    assert np.isfinite(epoch["loss"])
    assert load(made.folder).channels == 3
