"""The store appends a batch and its ledger row together, once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from deepminer_ray.database.store import Store

ROWS = {"response": pa.table({"unit": [0, 1], "maximum": [0.5, 1.5]})}


def stored(file: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute("from response order by all").fetchall()


def test_a_batch_is_appended_once(tmp_path: Path) -> None:
    file = tmp_path / "store" / "probe.duckdb"
    store = Store(file)
    assert store.append(3, ROWS) == 3
    assert store.append(3, ROWS) == 3
    assert store.done() == [3]
    store.close()
    assert stored(file) == [(0, 0.5), (1, 1.5)]


def test_a_batch_that_fails_leaves_neither_rows_nor_ledger(tmp_path: Path) -> None:
    file = tmp_path / "probe.duckdb"
    store = Store(file)
    store.append(0, ROWS)
    with pytest.raises(TypeError):
        store.append(1, ROWS | {"prediction": pa.table({"a": [1]}), "response2": None})  # type: ignore[dict-item]
    assert store.done() == [0]
    store.close()
    assert stored(file) == [(0, 0.5), (1, 1.5)]


def test_a_killed_store_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    file = tmp_path / "probe.duckdb"
    code = (
        "import sys, pyarrow as pa; from pathlib import Path; from deepminer_ray.database.store import Store\n"
        "store = Store(Path(sys.argv[1])); rows = {'response': pa.table({'unit': [0, 1], 'maximum': [0.5, 1.5]})}\n"
        "for batch in range(10_000):\n    print(store.append(batch, rows), flush=True)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for line in writer.stdout:
        if int(line) == 20:
            break
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    store = Store(file)
    done = store.done()
    store.close()
    assert 20 < len(done) < 10_000 and done == list(range(len(done)))
    assert len(stored(file)) == 2 * len(done)


def test_a_full_disk_is_one_sentence_and_what_was_stored_stays(tmp_path: Path) -> None:
    """A limit on the size of files fails like a full disk: in the middle of a transaction."""
    file = tmp_path / "probe.duckdb"
    code = (
        "import sys, resource, numpy, pyarrow as pa; from pathlib import Path\n"
        "from deepminer_ray.database.store import Store; from deepminer_ray.errors import BadInput\n"
        "store = Store(Path(sys.argv[1])); chance = numpy.random.default_rng(0)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, 8_000_000))\n"
        "try:\n"
        "    for batch in range(100):\n"
        "        store.append(batch, {'response': pa.table({'unit': chance.integers(0, 2**62, 100_000)})})\n"
        "except BadInput as error:\n    print(batch, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True)
    assert "Answers cannot be stored in" in done.stdout and "is kept" in done.stdout, done.stderr
    failed = int(done.stdout.split()[0])
    store = Store(file)
    assert store.done() == list(range(failed)) and 0 < failed < 100
    store.append(failed, {"response": pa.table({"unit": [1]})})
    store.close()
    assert len(stored(file)) == failed * 100_000 + 1
