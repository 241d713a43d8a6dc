"""How fast one film's LJPEG is decoded, per CPU second, beside the libraries that decode it wrongly or slowly.

    pip install -e .[benchmarks]
    python benchmarks/decode.py [FILE.LJPEG ...]      # without a file: a phantom film of 14 MPixel, predictor 7

What bounds any decoder: a pixel's code begins where the last one ends, and its prediction needs the pixel before, so
each costs one chain of shift, table look-up, shift and add, and cannot be spread over lanes. Bytes to move are few: the
coded bits in, 2 bytes a pixel out.
"""

import importlib.util
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from deepminer_ray.phantom.patient import write_patient
from deepminer_ray.sources import ljpeg

REPETITIONS = 7
COLUMNS = 2900
"""Of a phantom film: 14 MPixel at its usual proportions."""


def phantom_scan(folder: Path) -> Path:
    """The largest film of predictor 7 of one phantom patient."""
    write_patient(folder, 0, seed=0, columns=COLUMNS)
    files = [file for file in folder.rglob("*.LJPEG") if ljpeg.header(file.read_bytes()).predictor == 7]
    return max(files, key=lambda file: file.stat().st_size)


def peers(file: Path, folder: Path) -> dict[str, Callable[[bytes], object]]:
    """The decoders that are installed beside ours."""
    found: dict[str, Callable[[bytes], object]] = {}
    program = pvrg(folder)
    if program:
        copy = folder / "film.ljpeg"
        shutil.copyfile(file, copy)
        found["PVRG's program, files and all"] = lambda stream: subprocess.run(
            [program, "-d", "-s", copy], capture_output=True, check=True
        )
    try:
        from imagecodecs import jpeg8_decode

        found["imagecodecs.jpeg8_decode"] = jpeg8_decode
    except ImportError:
        print("imagecodecs is not installed: pip install imagecodecs")
    return found


def pvrg(folder: Path) -> Path | None:
    """Stanford's program, built from the sources that the package ljpeg brings."""
    package = importlib.util.find_spec("ljpeg")
    if package is None or package.origin is None:
        print("PVRG's program is not measured: pip install ljpeg")
        return None
    sources = folder / "pvrg"
    if not sources.is_dir():
        shutil.copytree(Path(package.origin).parent / "jpegdir", sources)
    made = subprocess.run(["make", "-C", sources], capture_output=True, text=True, check=False)
    if made.returncode:
        print(f"PVRG's program is not measured, as make, cc and flex did not build it: {made.stderr.splitlines()[-1]}")
        return None
    return sources / "jpeg"


def cpu_seconds(act: Callable[[], object]) -> float:
    """CPU time of all threads of this process and of the programs it runs."""
    started = used()
    act()
    return used() - started


def used() -> float:
    """CPU seconds so far."""
    programs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + programs.ru_utime + programs.ru_stime


def copied(samples: np.ndarray) -> Callable[[], object]:
    """Move as many bytes as a decoder must write: the limit of memory alone."""
    return lambda: samples.copy()


def measure(file: Path, folder: Path) -> None:
    """Print one film's figures."""
    stream = file.read_bytes()
    samples = ljpeg.decode(stream)
    decoders: dict[str, Callable[[], object]] = {"deepminer_ray": lambda: ljpeg.decode(stream)}
    decoders |= {name: lambda decode=decode: decode(stream) for name, decode in peers(file, folder).items()}
    decoders["copy of the pixels"] = copied(samples)
    seconds: dict[str, list[float]] = {name: [] for name in decoders}
    for _ in range(REPETITIONS):
        for name, act in decoders.items():
            seconds[name].append(cpu_seconds(act))
    bits = 8 * len(stream) / samples.size
    rows, columns = samples.shape
    print(f"{file.name}: {rows} x {columns} px, {samples.size / 1e6:.1f} MPixel, {bits:.2f} bits a pixel")
    ours = seconds["deepminer_ray"]
    for name, taken in seconds.items():
        speed = samples.size / statistics.median(taken) / 1e6
        ratio = statistics.median(theirs / own for theirs, own in zip(taken, ours, strict=True))
        nanoseconds = statistics.median(taken) / samples.size * 1e9
        print(
            f"  {name:30} {speed:9.1f} MPixel per CPU s {nanoseconds:7.2f} ns a pixel   "
            f"deepminer_ray has {ratio:.2f} of its speed (median of {REPETITIONS})"
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for file in [Path(name) for name in sys.argv[1:]] or [phantom_scan(Path(folder))]:
            measure(file, Path(folder))
