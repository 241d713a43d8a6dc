"""The survey's speed: how soon a unit's page is complete, how soon an answer is on disk, how soon the server is there.

    python benchmarks/survey.py RUN [REPETITIONS]

RUN is ranked; a copy of it is served. A page is complete when all its pictures and the first mammogram are drawn in
Debian's chromium: before pictures were ever drawn, and after. Answers are saved by twenty experts clicking as fast as
they are acknowledged and, beside it, at a click a second each; the limit is the disk's fsync of one line. The server
is there when it has printed its links.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

EXPERTS, CLICKS, REPETITIONS, PAUSE = 20, 20, 5, 1.0
ANSWERS = (
    {"recognizable": True, "phenomena": [{"category": "Mass", "terms": ["round"]}]},
    {"recognizable": False},
)
COMPLETE = """() => document.querySelector("section.unit").dataset.drawn
  && document.querySelector("canvas").width > 10"""


def started(run: Path) -> tuple["subprocess.Popen[str]", list[str], float]:
    """The server's process, every expert's address, and the seconds until it said them."""
    command = [sys.executable, "-c", "from deepminer_ray.cli import main; main()", "survey", str(run), "--port", "0"]
    for number in range(EXPERTS):
        command += ["--expert", f"Expert {number}"]
    before = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    first = process.stdout.readline()
    seconds = time.perf_counter() - before
    lines = [first] + [process.stdout.readline() for _ in range(EXPERTS - 1)]
    return process, [line.strip().split(": ", 1)[1] for line in lines], seconds


def page_seconds(page: Page, address: str) -> float:
    """Seconds until a unit's page is complete."""
    page.goto("about:blank")
    before = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_load_state("domcontentloaded")
    page.wait_for_function(COMPLETE)
    return time.perf_counter() - before


def saves(homes: list[str], pause: float) -> list[float]:
    """Seconds of each acknowledged save, all experts at once."""

    def clicked(home: str) -> list[float]:
        text = httpx.get(f"{home}1").text.split('class="data">')[1].split("</script>")[0]
        order, found = json.loads(text)["order"], []
        with httpx.Client() as client:
            for click in range(CLICKS):
                body = {"place": click % 2, "order": order, "answer": ANSWERS[click // 2 % 2]}
                before = time.perf_counter()
                assert client.post(f"{home}answer", json=body).status_code == 200
                found.append(time.perf_counter() - before)
                time.sleep(pause)
        return found

    with ThreadPoolExecutor(len(homes)) as pool:
        return [seconds for of_expert in pool.map(clicked, homes) for seconds in of_expert]


def fsync_seconds(folder: Path) -> float:
    """Seconds to put a line on this disk."""
    found = []
    with (folder / "line").open("wb", buffering=0) as file:
        for _ in range(50):
            before = time.perf_counter()
            file.write(b"x" * 300)
            os.fsync(file.fileno())
            found.append(time.perf_counter() - before)
    return statistics.median(found)


def shown(seconds: list[float]) -> str:
    """Median and range in ms."""
    return f"{1e3 * statistics.median(seconds):.0f} ms ({1e3 * min(seconds):.0f} to {1e3 * max(seconds):.0f})"


def main(source: Path, repetitions: int) -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        run = Path(shutil.copytree(source, Path(name) / "run"))
        shutil.rmtree(run / "survey", ignore_errors=True)
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        process, homes, _ = started(run)
        page.goto(homes[0])
        page.wait_for_load_state("networkidle")
        before = [page_seconds(page, f"{homes[0]}{place}") for place in range(2, 2 + repetitions)]
        after = [page_seconds(page, f"{homes[1]}{place}") for place in range(2, 2 + repetitions)]
        again = [page_seconds(page, f"{homes[1]}{place}") for place in range(2, 2 + repetitions)]
        browser.close()
        print(f"unit page, its pictures never drawn before: {shown(before)}, goal 2,000 ms", flush=True)
        print(f"unit page, pictures drawn, new to the browser: {shown(after)}, goal 300 ms; seen: {shown(again)}")
        limit = fsync_seconds(run)
        for pause, how in ((PAUSE, f"a click every {PAUSE:.0f} s each"), (0.0, "as fast as acknowledged")):
            seconds = saves(homes, pause)
            ratio = statistics.median(seconds) / limit
            print(
                f"save, {EXPERTS} experts, {how}: {shown(seconds)}, n {len(seconds)}, goal 50 ms at the median; "
                f"fsync of a line {1e3 * limit:.1f} ms, ratio {ratio:.1f}",
                flush=True,
            )
        process.terminate()
        process.wait()
        starts = []
        for _ in range(repetitions):
            process, _, seconds = started(run)
            starts.append(seconds)
            process.terminate()
            process.wait()
        print(f"server there after {shown(starts)}, goal 3,000 ms")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else REPETITIONS)
