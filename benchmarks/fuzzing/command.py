"""The command line of benchmarks/fuzz.py."""

import argparse
import time
from pathlib import Path

from benchmarks.fuzzing.measure import BYTES, SECONDS, Counts, everything, measured

WEIGHT_OF_SOURCES = 3
"""Shares of the time that a whole source gets."""


def main() -> int:
    """Fuzz what is asked for; 1 where anything failed."""
    parser = argparse.ArgumentParser(description="Fuzz every reader.")
    known = list(everything())
    parser.add_argument("--seconds", type=float, default=600, help="for all readers together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--inputs", type=int, help="of each reader, instead of what the time allows")
    parser.add_argument("--input", type=int, help="only the input of this number")
    parser.add_argument("--readers", nargs="+", choices=known, default=known, metavar="NAME", help=", ".join(known))
    parser.add_argument("--out", type=Path, default=Path("runs/fuzz"), help="where failing inputs are put")
    given = parser.parse_args()
    shares = {name: WEIGHT_OF_SOURCES if name.startswith("source-") else 1 for name in given.readers}
    first, inputs = (0, given.inputs) if given.input is None else (given.input, 1)
    started, total = time.monotonic(), Counts()
    for place, name in enumerate(given.readers):
        left = given.seconds - (time.monotonic() - started)
        share = shares[name] / sum(shares[other] for other in given.readers[place:])
        counts = measured(name, given.seed, inputs, left * share if inputs is None else 10**6, given.out, first)
        print(f"{name:17}{counts}", flush=True)
        total.inputs += counts.inputs
        total.failures += counts.failures
    bounds = f"{SECONDS:g} s and {BYTES // 2**20} MB an input"
    print(f"{total.inputs} inputs in {time.monotonic() - started:.0f} s, bounds {bounds}, {total.failures} failures")
    if total.failures:
        print(f"see {given.out}")
    return int(total.failures > 0)
