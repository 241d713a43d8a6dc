"""One local Ray for the whole session, phantom patients, and runs made from them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"

# Workers import what the tests define only if they are told of it before Ray starts.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"


@pytest.fixture(scope="session")
def ray() -> Iterator[object]:
    """A local Ray, shared by all tests that need one."""
    from deepminer_ray.cluster import connect

    connected = connect()
    yield connected
    connected.shutdown()


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three phantom patients, one of each class."""
    from deepminer_ray.phantom.patient import write_phantom

    directory = tmp_path_factory.mktemp("phantoms")
    write_phantom(directory, patients=3, seed=1, columns=320)
    return directory
