"""The case book: one file that shows every case, finds it again, and escapes what people typed."""

import base64
import hashlib
import json
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from deepminer_ray.database.run import Run
from deepminer_ray.explanations.figure import blended
from deepminer_ray.patches.breast import breast_mask
from deepminer_ray.patches.shard import read_scan
from deepminer_ray.report.casebook import write_casebook
from deepminer_ray.report.page import write_report
from deepminer_ray.units.picture import displayed
from deepminer_ray.units.receptive_field import Geometry
from deepminer_ray.units.upsampling import upsample
from tests.conftest import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page


def cases(run: Run) -> list[dict[str, Any]]:
    found = re.search(r'id="cases">(.*?)</script>', (run.folder / "casebook.html").read_text(), re.DOTALL)
    assert found
    said: list[dict[str, Any]] = json.loads(found[1])
    return said


def test_every_scan_is_a_case_as_the_tables_have_it(explained: Run) -> None:
    known = {row["scan"]: row for row in explained.ask("from judgement").to_pylist()}
    found = {case["scan"]: case for case in cases(explained)}
    assert found.keys() == known.keys()
    for scan, case in found.items():
        assert (case["decided"], case["truth"], case["error"]) == tuple(
            known[scan][name] for name in ("decided", "truth", "error")
        )
        rows = explained.ask(f"from explanation where scan = '{scan}' order by rank").to_pylist()
        assert [(unit["unit"], unit["influence"]) for unit in case["units"]] == [
            (row["unit"], row["influence"]) for row in rows
        ]
        record = json.loads((explained.folder / "figures" / f"{scan}.json").read_text())
        assert record == {name: case[name] for name in record}
        for what in ("argued", "concepts"):
            assert all(one["lead"] > 0 for one in case[f"{what}_for"])
            assert all(one["lead"] < 0 for one in case[f"{what}_against"])
        assert case["over"] != case["decided"]
        lines = explained.ask(f"from concept_evidence where scan = '{scan}' order by contribution desc").to_pylist()
        assert [(one["units"], one["contribution"]) for one in case["concepts"]] == [
            (row["units"], row["contribution"]) for row in lines
        ]
    assert any(case["error"] for case in found.values()), "a network of chance errs"


def test_scan_and_maps_are_those_of_the_run(explained: Run) -> None:
    (layer,) = explained.ask("from layer").to_pylist()
    case = cases(explained)[0]
    number = explained.ask(f"select scan_number from scan where scan = '{case['scan']}'").column(0)[0].as_py()
    pixels = displayed(read_scan(explained.folder / "scan", number))
    bits = np.frombuffer(base64.b64decode(case["film"].split(",")[1]), np.uint8)
    shown = cv2.imdecode(bits, cv2.IMREAD_GRAYSCALE)
    assert shown is not None and shown.shape == (case["height"], case["width"])
    expected = cv2.resize(pixels, (case["width"], case["height"]), interpolation=cv2.INTER_AREA)
    assert np.abs(shown / 255 - expected).mean() < 0.02
    stored = explained.ask(
        f"from scan_map where scan = '{case['scan']}' and shows = 'class activation map'"
    ).to_pylist()[0]
    (first, *rest, probability) = case["maps"]
    # Maps are seen on the breast alone, a cell where its middle lies.
    breast = breast_mask(read_scan(explained.folder / "scan", number))
    middles = [
        (layer["offset"] + layer["stride"] * np.arange(first[way])).round().astype(int) for way in ("rows", "columns")
    ]
    rows, columns = (np.minimum(of, most - 1) for of, most in zip(middles, breast.shape, strict=True))
    tissue = breast[rows][:, columns].ravel()
    assert 0 < tissue.sum() < len(tissue)
    seen = np.where(tissue, stored["map"], 0)
    assert len(rest) == 8 + len(case["concepts"]) and first["largest"] == pytest.approx(seen.max())
    assert probability["largest"] == 1
    cells = np.frombuffer(base64.b64decode(first["cells"]), np.uint8)
    wanted = np.clip(seen / max(seen.max(), 1e-9), 0, 1) * 255
    assert np.abs(cells - wanted).max() <= 0.5
    assert case["stride"] == pytest.approx(layer["stride"] * case["width"] / pixels.shape[1])


def test_the_book_can_be_made_again_without_a_network(explained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.nn.Module.__call__", None)
    before = (explained.folder / "casebook.html").read_bytes()
    assert write_casebook(explained).read_bytes() == before


def test_what_people_typed_is_escaped(explained: Run) -> None:
    html = (explained.folder / "casebook.html").read_text()
    assert HOSTILE not in html and html.count("</script>") == 3
    assert not re.findall(r'(?:src|href)="(?!data:)', html), "nothing is fetched from anywhere"


INJECTED = """<p id="styled" style="color: rgb(1, 2, 3)">x</p><style>#list { display: none }</style>
<script>document.title = 'changed'</script><img src="x" onerror="document.title = 'changed'">
<script src="data:text/javascript,document.title='changed'"></script>"""


def test_only_the_pages_own_script_and_style_are_allowed(explained: Run) -> None:
    """By the digests of what stands between the tags."""
    html = (explained.folder / "casebook.html").read_text()
    found = re.search(r'<meta http-equiv="Content-Security-Policy" content="(.*?)">', html)
    assert found and html.index(found[0]) < html.index("<style>"), "it holds for what comes after it"
    policy = unescape(found[1])
    for tag in ("script", "style"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"; {tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;") and "unsafe" not in policy


@pytest.mark.browser
@pytest.mark.parametrize("name", ["casebook.html", "report.html"])
def test_what_was_not_escaped_would_not_run(explained: Run, page: "Page", tmp_path: Path, name: str) -> None:
    """As though a name had come through as it is: nothing of it runs, and the page works."""
    html = write_report(explained, tmp_path / name) if name == "report.html" else explained.folder / name
    (tmp_path / "changed.html").write_text(html.read_text().replace("</h1>", f"</h1>{INJECTED}", 1))
    page.goto((tmp_path / "changed.html").as_uri())
    title = "run beside the paper" if name == "report.html" else "Case book of run"
    assert page.title() == title
    colour = "getComputedStyle(document.getElementById('styled')).color"
    assert page.evaluate(colour) != "rgb(1, 2, 3)"
    if name == "casebook.html":
        assert page.locator("#list button").first.is_visible(), "its own script has run, the other style has not"
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "15px", "its own style is there"
    assert (
        page.evaluate("[...document.images].filter((one) => one.src.startsWith('data:') && !one.naturalWidth).length")
        == 0
    )


@pytest.mark.browser
def test_cases_are_found_by_concept_and_decision(explained: Run, page: "Page") -> None:
    known = cases(explained)
    page.goto((explained.folder / "casebook.html").as_uri())
    listed = page.locator("#list button")
    assert listed.count() == len(known)
    page.fill("#words", "SPICULATED edge")
    named = [case for case in known if any(unit["phenomenon"] == "spiculated edge" for unit in case["units"])]
    assert listed.count() == len(named) > 0
    page.fill("#words", "")
    page.select_option("#concept", "spiculated edge")
    assert listed.count() == len(named)
    page.select_option("#concept", "")
    for choice in ("right", "wrong", "false positive", "false negative"):
        page.select_option("#decision", choice)
        right = {"right": True, "wrong": False}.get(choice)
        fitting = [case for case in known if (case["error"] == choice if right is None else case["right"] is right)]
        assert listed.count() == len(fitting)
        assert page.locator("#found").inner_text() == f"{len(fitting)} of {len(known)} cases"
    assert page.title() == "Case book of run"


@pytest.mark.browser
def test_a_case_is_drawn_as_in_its_figure(explained: Run, page: "Page") -> None:
    """The coloured film in the page is what Python makes of the same film and map, but for JPEG's loss."""
    case = next(case for case in cases(explained) if case["rings"])
    page.goto((explained.folder / "casebook.html").as_uri() + f"#{case['scan']}")
    page.wait_for_function("() => document.getElementById('film').width > 10")
    page.click("button:has-text('outline')")
    read = "() => [...film.getContext('2d').getImageData(0, 0, film.width, film.height).data]"
    drawn = np.array(page.evaluate(read), np.uint8).reshape(case["height"], case["width"], 4)[..., :3] / 255
    page.click("button[data-map='-1']")
    plain = np.array(page.evaluate(read), np.uint8).reshape(case["height"], case["width"], 4)[..., 0] / 255
    first = case["maps"][0]
    cells = np.frombuffer(base64.b64decode(first["cells"]), np.uint8).reshape(first["rows"], first["columns"])
    where = Geometry(case["stride"], 0, case["offset"])
    expected = blended(plain.astype(np.float32), upsample(cells, where, case["height"], case["width"]))
    assert np.abs(drawn - expected).max() < 0.03
    for unit in case["units"]:
        page.click(f"button[data-map='{unit['rank']}']")
        assert page.get_attribute(f"button[data-map='{unit['rank']}']", "aria-pressed") == "true"


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (820, 1180)])
def test_the_book_is_accessible(explained: Run, page: "Page", width: int, height: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": height})
    page.goto((explained.folder / "casebook.html").as_uri())
    page.keyboard.press("Tab")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
