"""What must have reached the disk before anyone relies on it."""

import os
from pathlib import Path


def sync_to_disk(path: Path) -> None:
    """Wait until a file's content is on disk, or which files a folder has."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
