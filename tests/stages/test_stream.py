"""What work's files are named for."""

from deepminer_ray.stages.stream import Batch, digest


def test_other_work_has_another_digest() -> None:
    batches = [Batch("patches", ([(1, [2, 3])],)), Batch("scan", ("a", 1))]
    found = {
        digest(["checkpoint", False], batches, b"cut"),
        digest(["checkpoint", True], batches, b"cut"),
        digest(["checkpoint", False], batches[::-1], b"cut"),
        digest(["checkpoint", False], batches[:1], b"cut"),
        digest(["checkpoint", False], batches, b"cut otherwise"),
        digest(["checkpoint", False], [Batch("patches", ([(1, [2])],)), batches[1]], b"cut"),
    }
    assert len(found) == 6
    assert digest(["checkpoint", False], list(batches), b"cut") in found
