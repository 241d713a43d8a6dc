"""The pictures of the README (a figure) and of survey.md (a page of the survey), of a demo that was made.

make pictures          # after `make demo`; needs Debian's chromium
"""

import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from deepminer_ray.database.run import Run

OUT = Path(__file__).parent / "pictures"
COLOURS, WIDTH = 255, 1200
"""Few colours and px keep the repository small."""


def main(folder: Path) -> None:
    """Write both pictures."""
    run = Run.existing(folder)
    OUT.mkdir(exist_ok=True)
    (row,) = run.rows("telling_figure")
    save(Image.open(run.folder / "figures" / f"{row['scan']}.png").convert("RGB"), OUT / "figure.png")
    save(survey(run), OUT / "survey.png")


def survey(run: Run) -> Image.Image:
    """The first question of a survey, as an expert sees it."""
    command = [sys.executable, "-c", "from deepminer_ray.cli import main; main()", "survey", str(run.folder)]
    command += ["--expert", "Anna", "--port", "0"]
    served = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert served.stdout
        address = served.stdout.readline().strip().split(": ", 1)[1]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{address}1")
            page.wait_for_load_state("networkidle")
            taken = np.frombuffer(page.screenshot(), np.uint8)
            browser.close()
    finally:
        served.terminate()
        served.wait()
    drawn = cv2.imdecode(taken, cv2.IMREAD_COLOR)
    assert drawn is not None
    return Image.fromarray(cv2.cvtColor(drawn, cv2.COLOR_BGR2RGB))


def save(picture: Image.Image, file: Path) -> None:
    """A PNG of few colours, no wider than a README shows."""
    if picture.width > WIDTH:
        picture = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(file, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
