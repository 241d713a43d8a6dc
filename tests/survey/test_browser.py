"""The survey's pages in a real browser: by keyboard alone, through a restart, from a folder, for everyone."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from deepminer_ray.database.run import Run
from deepminer_ray.network.backbone import build
from deepminer_ray.network.checkpoint import save as save_network
from deepminer_ray.patches.shard import read_scan
from deepminer_ray.sources.density import DISPLAY_BLACK, DISPLAY_RANGE, UNITS_PER_DENSITY
from deepminer_ray.stages.annotate import annotate
from deepminer_ray.stages.cut import cut
from deepminer_ray.stages.partition import partition
from deepminer_ray.stages.probe import probe
from deepminer_ray.stages.rank import rank
from deepminer_ray.survey.desk import Settings
from deepminer_ray.survey.static import write_survey
from tests.colours import disc_run
from tests.survey.conftest import Served, served, served_here

pytestmark = pytest.mark.browser

SIZES = [(1280, 800), (1920, 1080), (820, 1180)]
CLASSES = ("paper", "blue", "red")
CLOSE = 0.6
"""px of a film by which an outline may be off: coordinates are rounded once."""


@pytest.fixture
def survey(run: Run) -> Iterator[Served]:
    with served(run, "--port", "0", "--expert", "Anna", "--expert", "Ben") as made:
        yield made


def rows(run: Run, text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.ask(text).to_pylist()
    return found


def saved(page: Page, text: str = "saved, version") -> None:
    expect(page.locator("section.unit:not([hidden]) .saved")).to_contain_text(text)


def test_images_in_colour_are_shown_as_they_are_and_named_in_their_words(
    ray: object, page: Page, tmp_path: Path
) -> None:
    """True colours, no contrast to drag, no views, and the categories and classes of the domain."""
    run = disc_run(tmp_path, 6)
    partition(run, train=0.4, test=0.4)
    cut(run, side=32)
    save_network(
        run.folder / "checkpoint" / "network.pt", build("squeezenet1_1", classes=CLASSES)[0], 32, "imagenet", channels=3
    )
    probe(run, partitions=["all"], workers=0)
    rank(run, partitions=["all"], ranked=1, workers=0)
    with served_here(run, "Anna") as survey:
        page.goto(f"{survey.home['Anna']}1")
        data = json.loads(page.locator("script.data").inner_text())
        assert data["display"] is None and not data["views"]
        expect(page.locator("figcaption")).to_have_text(data["films"][str(data["patches"][0]["film"])]["name"])
        expect(page.get_by_role("button", name="Finding outline")).to_be_visible()
        assert page.locator("[data-do=other], [data-do=window]").count() == 0
        for key in ("Shift+V", "Shift+W", "1", "Shift+R", "Shift+B"):
            page.keyboard.press(key)
        saved(page)
        page.wait_for_function(SHOWS_PIXELS)
        shown = np.array(page.evaluate(COLOURS_SHOWN))
    stored = read_scan(run.folder / "scan", data["patches"][0]["film"])
    assert np.abs(np.median(shown, axis=0) - np.median(stored.reshape(-1, 3) / 257, axis=0)).max() < 8
    (named,) = rows(run, "from annotation_now")
    assert (named["category"], named["association"]) == ("Finding", "blue")


COLOURS_SHOWN = """() => {
  const canvas = document.querySelector("figure.film canvas"), drawn = canvas.getContext("2d");
  const all = [...drawn.getImageData(0, 0, canvas.width, canvas.height).data];
  return Array.from({ length: all.length / 4 }, (_, at) => all.slice(4 * at, 4 * at + 3));
}"""
SHOWS_PIXELS = f"() => ({COLOURS_SHOWN})().some((one) => one[0] > 100)"


def test_a_unit_is_named_by_keyboard_alone(page: Page, survey: Served, run: Run) -> None:
    page.goto(survey.home["Anna"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/1")
    before = page.locator(".covered").inner_text()
    for key in ("1", "c", "h", "Shift+M", "Shift+Digit3", "/"):
        page.keyboard.press(key)
    page.keyboard.type("star-like mass")
    saved(page, "saved, version")
    page.keyboard.press("Escape")
    page.keyboard.press("+")
    page.keyboard.type("its 1 spicules")
    page.keyboard.press("Escape")
    for key in ("2", "j", "n", "Shift+E"):
        page.keyboard.press(key)
    saved(page)
    expect(page.locator(".covered")).not_to_have_text(before)
    page.keyboard.press("Enter")
    page.wait_for_url("**/2")
    page.keyboard.press("0")
    saved(page, "saved, version 1")
    page.keyboard.press("Shift+Enter")
    page.wait_for_url("**/1")
    expect(page.locator("input[type=text]").first).to_have_value("star-like mass")
    now = rows(run, "from annotation_now order by unit, position")
    named = [row for row in now if row["phenomenon"]]
    assert [(row["phenomenon"], row["category"], row["terms"], row["association"]) for row in named] == [
        ("star-like mass", "Mass", "irregular; spiculated", "malignant"),
        ("its 1 spicules", "Calcification", "amorphous; diffuse", "either"),
    ]
    assert {row["confidence"] for row in named} == {"high"}
    assert [row["recognizable"] for row in now if not row["phenomenon"]] == [False]
    assert rows(run, "select max(version) as last from annotation")[0]["last"] > 1, "changes are versions"


def test_undo_takes_back_one_change_at_a_time(page: Page, survey: Served, run: Run) -> None:
    page.goto(survey.home["Anna"] + "1")
    page.keyboard.press("1")
    page.keyboard.press("a")
    saved(page, "saved, version 2")
    page.keyboard.press("Shift+U")
    saved(page, "saved, version 3")
    assert rows(run, "from annotation_now")[0]["phenomenon"] == "mass"
    page.keyboard.press("Shift+U")
    saved(page, "saved, version 4")
    assert rows(run, "from annotation_now")[0]["recognizable"] is None
    assert [row["phenomenon"] for row in rows(run, "from annotation order by version")] == [
        "mass",
        "mass: oval",
        "mass",
        None,
    ]


def shown(page: Page) -> np.ndarray:
    """The pixels of the canvas, [height, width, 3]."""
    script = """() => { const canvas = document.querySelector("section.unit:not([hidden]) canvas");
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      return [canvas.width, canvas.height, [...data]]; }"""
    width, height, values = page.evaluate(script)
    return np.array(values, np.uint8).reshape(height, width, 4)[..., :3]


def data_of(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.locator("script.data").first.text_content() or "")
    return found


def test_hovering_outlines_the_patch_to_the_pixel(page: Page, survey: Served, run: Run) -> None:
    """Beside the outline the canvas holds the film itself, windowed."""
    page.goto(survey.home["Anna"] + "1")
    page.keyboard.press("Shift+T")
    data = data_of(page)
    for index in (0, 5, 17, 35, 45):
        tile = page.locator(".patch").nth(index)
        tile.scroll_into_view_if_needed()
        tile.hover()
        patch = data["patches"][index]
        name = data["films"][str(patch["film"])]["name"]
        expect(page.locator("figcaption")).to_contain_text(name)
        expect(tile).to_have_attribute("data-shown", "")
        page.wait_for_timeout(150)
        pixels = shown(page).astype(int)
        stored = read_scan(run.folder / "scan", patch["film"])
        assert pixels.shape[:2] == stored.shape
        red = (pixels[..., 0] > 200) & (pixels[..., 1] < 80)
        place = np.argwhere(red)
        x, y, width, height = patch["box"]
        top, left = place.min(0)
        bottom, right = place.max(0)
        expected = [max(y - 2, 0), max(x - 2, 0), min(y + height + 1, stored.shape[0] - 1)]
        expected += [min(x + width + 1, stored.shape[1] - 1)]
        assert np.abs(np.array([top, left, bottom, right]) - expected).max() <= CLOSE, index
        grey = np.clip((DISPLAY_BLACK - stored / UNITS_PER_DENSITY) / DISPLAY_RANGE, 0, 1) * 255
        assert np.abs(pixels[~red] - grey[~red][:, np.newaxis]).max() <= 1
        inside = red[round(y) + 3 : round(y + height) - 3, round(x) + 3 : round(x + width) - 3]
        assert not inside.any()


def test_lesions_other_view_and_contrast(page: Page, survey: Served, run: Run) -> None:
    page.goto(survey.home["Anna"] + "1")
    data = data_of(page)
    index = next((at for at, patch in enumerate(data["patches"]) if data["films"][str(patch["film"])]["rings"]), None)
    page.locator(".patch").nth(index or 0).focus()
    page.wait_for_timeout(300)
    plain = shown(page)
    page.keyboard.press("Shift+O")
    outlined = shown(page)
    if index is not None:
        changed = np.argwhere((plain != outlined).any(-1))
        ring = np.array(data["films"][str(data["patches"][index]["film"])]["rings"][0])
        assert len(changed) and np.abs(changed.min(0)[::-1] - ring.min(0)).max() < 12
    page.keyboard.press("Shift+O")
    assert np.array_equal(shown(page), plain)
    page.keyboard.press("Shift+V")
    expect(page.locator("figcaption")).to_contain_text("the other view")
    page.keyboard.press("Shift+V")
    page.wait_for_timeout(300)
    box = page.locator(".frame").bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 160, steps=4)
    page.mouse.up()
    assert not np.array_equal(shown(page), plain)
    page.keyboard.press("Shift+W")
    assert np.array_equal(shown(page), plain)


def test_answers_wait_for_a_server_that_went_away(page: Page, run: Run) -> None:
    """SIGKILL, answers meanwhile in the browser, even over a reload of nothing, and all there when it is back."""
    first = Served(run, "--port", "0", "--expert", "Anna")
    page.goto(first.home["Anna"] + "1")
    page.keyboard.press("1")
    saved(page, "saved, version 1")
    first.kill()
    page.keyboard.press("h")
    saved(page, "waits in this browser")
    page.keyboard.press("Shift+B")
    assert [row["version"] for row in rows(run, "from annotation")] == [1]
    with served(run, "--port", first.port):
        saved(page, "saved, version 2")
        (now,) = rows(run, "from annotation_now")
        assert (now["terms"], now["association"]) == ("spiculated", "benign")


def test_a_closed_page_sends_what_it_kept_when_opened_again(page: Page, run: Run) -> None:
    first = Served(run, "--port", "0", "--expert", "Anna")
    page.goto(first.home["Anna"] + "1")
    page.keyboard.press("1")
    saved(page, "saved, version 1")
    first.kill()
    page.keyboard.press("a")
    saved(page, "waits in this browser")
    page.goto("about:blank")
    with served(run, "--port", first.port):
        page.goto(first.home["Anna"] + "1")
        saved(page, "saved, version 2")
        assert rows(run, "from annotation_now")[0]["terms"] == "oval"


def test_an_answer_that_was_left_at_once_arrives(page: Page, survey: Served, run: Run) -> None:
    """Typed, and on to the next unit before anything is acknowledged."""
    page.goto(survey.home["Anna"] + "1")
    page.keyboard.press("/")
    page.keyboard.type("spiculated edge")
    page.keyboard.press("Enter")
    page.wait_for_url("**/2")
    page.keyboard.press("0")
    page.goto(survey.home["Anna"])
    page.wait_for_function("() => Object.keys(localStorage).filter((key) => key.startsWith('deepminer ')).length === 0")
    named = {row["phenomenon"] for row in rows(run, "from annotation_now")}
    assert named == {"spiculated edge", None}


def test_two_tabs_keep_both(page: Page, survey: Served, run: Run) -> None:
    other = page.context.new_page()
    for one in (page, other):
        one.goto(survey.home["Anna"] + "1")
    page.keyboard.press("1")
    saved(page, "saved, version 1")
    other.keyboard.press("2")
    saved(other, "another page of yours")
    assert [row["category"] for row in rows(run, "from annotation order by version")] == ["Mass", "Calcification"]


def test_the_folder_works_without_a_server_and_its_file_is_taken(page: Page, run: Run, tmp_path: Path) -> None:
    (index,) = write_survey(run, tmp_path / "files", ["Anna Ö"], Settings())
    page.goto(index.as_uri())
    page.locator("ol.cards a").first.click()
    page.keyboard.press("1")
    page.keyboard.press("h")
    saved(page, "kept in this browser")
    page.wait_for_function("document.querySelector('section.unit:not([hidden]) canvas').width > 10")
    assert shown(page).std() > 5, "the film is there"
    page.keyboard.press("Enter")
    page.keyboard.press("0")
    saved(page, "kept in this browser")
    page.goto(index.as_uri())
    expect(page.locator(".count")).to_contain_text("2 of ")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my answers").click()
    file = tmp_path / "answers.json"
    download.value.save_as(file)
    annotate(run, str(file))
    now = {row["recognizable"]: row for row in rows(run, "from annotation_now where annotator = 'Anna Ö'")}
    assert (now[True]["phenomenon"], now[True]["terms"]) == ("mass: spiculated", "spiculated")
    assert now[False]["phenomenon"] is None


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_pages_fit_and_are_accessible(page: Page, survey: Served, width: int, height: int) -> None:
    """Nothing scrolls sideways, and axe finds nothing: in the list, at work, with help open, in the summary."""
    page.set_viewport_size({"width": width, "height": height})
    anna, ben = survey.home["Anna"], survey.home["Ben"]
    for home, key in ((anna, "1"), (ben, "0")):
        page.goto(home + "1")
        page.keyboard.press(key)
        saved(page)
    for address in (anna, anna + "1", ben + "1", anna + "summary"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    page.goto(anna + "1")
    page.keyboard.press("?")
    assert Axe().run(page).violations_count == 0
    page.keyboard.press("Escape")
    expect(page.locator("dialog.help")).not_to_be_visible()


def test_single_keys_can_be_turned_off(page: Page, survey: Served, run: Run) -> None:
    page.goto(survey.home["Anna"] + "1")
    page.keyboard.press("?")
    page.locator(".shortcuts").uncheck()
    page.locator(".close").click()
    page.keyboard.press("1")
    time.sleep(0.5)
    assert rows(run, "from annotation") == []


def test_a_disagreement_is_adjudicated_with_a_click(page: Page, survey: Served, run: Run) -> None:
    for name, key in (("Anna", "1"), ("Ben", "2")):
        page.goto(survey.home[name] + "1")
        page.keyboard.press(key)
        saved(page)
    page.goto(survey.home["Ben"] + "summary")
    page.locator(".one", has_text="Anna").get_by_role("button").click()
    expect(page.locator("h3")).to_contain_text("adjudicated")
    assert rows(run, "from unit_phenomenon")[0]["phenomenon"] == "mass"


def test_pictures_are_there_under_every_rule(page: Page, survey: Served) -> None:
    page.goto(survey.home["Anna"] + "1")
    seen = set()
    for name, rule in (
        ("authors", "0.2 of the unit's largest response"),
        ("dissection", "0.5 % of all cells"),
        ("none", "no segmentation"),
    ):
        expect(page.locator(".which")).to_contain_text(rule)
        expect(page.locator("section.unit")).to_have_attribute("data-drawn", name)
        seen.add(page.locator(".patch").first.screenshot())
        page.keyboard.press("Shift+R")
    assert len(seen) == 3
    tiles = [page.locator(".patch").nth(index).screenshot() for index in (1, 8, 33)]
    assert len(set(tiles)) == 3, "each patch has a picture of its own"
