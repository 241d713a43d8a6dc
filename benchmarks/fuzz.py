"""Damaged inputs for every reader: nothing but a refusal in a sentence, within bounds of time and memory; and whole
sources with one damaged file, of which no other film gets another label or goes missing.

    python benchmarks/fuzz.py [--seconds 600] [--seed 0] [--inputs N] [--readers NAME ...]     # `make fuzz`
    python benchmarks/fuzz.py --seed 0 --readers ljpeg --input 1234                            # one again

An input is decided by its reader, the seed and its number alone. Each reader works in a process of its own, one after
the other, each with its share of the time, whole sources with three. What fails is put into runs/fuzz: the input and a
text that says what was wrong. Exit status 1 where anything failed.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from benchmarks.fuzzing.command import main

    sys.exit(main())
