"""Whether what earlier stages left outside run.duckdb is still that: films, patches, networks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from deepminer_ray.errors import BadInput
from deepminer_ray.files.location import Place
from deepminer_ray.patches.proof import SHARD_KINDS, SHARDS, Shards, content_digest, read_list
from deepminer_ray.patches.shard import MADE_FROM, shard, shard_digest

if TYPE_CHECKING:
    from deepminer_ray.database.run import Run

DIGEST_THREADS = 8
"""Threads that read shards to compare them all."""
NETWORKS = {"train": "network.pt", "probe": "probed.pt"}
"""What these stages left under RUN/checkpoint/."""


def made(run: "Run") -> dict[str, str]:
    """By stage the digest of what it left: `cut` its list of shards, `train` and `probe` a network.

    What another version made has none.
    """
    return {row["stage"]: row["digest"] for row in run.rows("made")}


def pixels(run: "Run") -> Place:
    """The list of a run's shards, which every node must see; BadInput where it is missing or not the one `cut` left.

    Of what another version cut there is no list, only what its patches were made from.
    """
    wanted = made(run).get("cut")
    file = run.storage / "patch" / (MADE_FROM if wanted is None else SHARDS)
    try:
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BadInput(
            f"There is no {file}, so the images and patches of this run are not here: bring scan/ and patch/ back, or "
            f"`deepminer cut {run.folder} --again` makes them again."
        ) from error
    if wanted is not None and content_digest(content).hex() != wanted:
        raise BadInput(
            f"{file} is not the list that `cut` made, so images and patches may be others: bring scan/ and patch/ "
            f"back, or `deepminer cut {run.folder} --again` makes them again."
        )
    return file


def mailed_alone(run: "Run") -> bool:
    """Whether nothing of what a run's stages need is here but run.duckdb, as when that was mailed alone."""
    folders = [run.storage / kind for kind in SHARD_KINDS]
    networks = [run.folder / "checkpoint" / name for name in NETWORKS.values()]
    return bool(made(run)) and not any(path.exists() for path in (*folders, *networks))


def wrong_files(run: "Run") -> list[dict[str, str]]:
    """Every file that a run's stages need and that is missing, damaged or another than when it was made: file, why.

    All of them are read.
    """
    known = made(run)
    networks = [(run.folder / "checkpoint" / name, known[stage]) for stage, name in NETWORKS.items() if stage in known]
    return [*_networks(networks), *(_shards(run) if "cut" in known else ())]


def _networks(networks: list[tuple[Path, str]]) -> Iterator[dict[str, str]]:
    for file, wanted in networks:
        if not file.is_file():
            yield {"file": str(file), "why": "missing"}
        elif not content_digest(file.read_bytes()).hex().startswith(wanted):
            yield {"file": str(file), "why": f"not the network of hash {wanted}"}


def _shards(run: "Run") -> Iterator[dict[str, str]]:
    folder = run.storage
    try:
        pixels(run)
        shards = read_list(folder / "patch")
    except BadInput as error:
        yield {"file": str(folder / "patch" / SHARDS), "why": str(error)}
        return
    assert shards is not None
    kinds_and_numbers = [(kind, number) for kind in SHARD_KINDS for number in shards.numbers.tolist()]
    with ThreadPoolExecutor(DIGEST_THREADS) as readers:
        for file, why in readers.map(lambda one: _compare_shard(folder, shards, *one), kinds_and_numbers):
            if why:
                yield {"file": str(file), "why": why}


def _compare_shard(folder: Place, shards: Shards, kind: str, number: int) -> tuple[Place, str]:
    file = shard(folder / kind, number)
    digest = shard_digest(file)
    if digest == shards.of(kind, number):
        return file, ""
    return file, "another than `cut` made" if digest else "damaged or cut short" if file.is_file() else "missing"
