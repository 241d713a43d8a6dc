"""What is said where a command loses the Ray that it made; also where Ray then ends the command without a word.

Ray keeps objects in /dev/shm and finds it full only while it writes there: the system ends the process that writes, and
Ray's library ends the command as soon as that does not answer. Only another process can say so then: this file, which
knows nothing but Python, is started beside Ray.
"""

import atexit
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

STORE_DIED = (
    "deepminer: Ray's object store died under this command, as where /dev/shm is full: make room there and call it "
    "again, and it resumes from what is finished."
)
WRITTEN_IN_VAIN = "SIGBUS"
"""What a process gets that writes to memory for which there is no room, as Ray's log says."""

_beside: list["subprocess.Popen[bytes]"] = []


def left_over(dead: list[str]) -> str:
    """What to say of a Ray of this process that lacks some of its own."""
    return (
        f"Ray's {' and '.join(dead)} died under this command, perhaps because memory or room in /dev/shm ran short: "
        "call it again, and it resumes from what is finished."
    )


def witnessed(session: str) -> None:
    """Start what speaks where this process ends without a word, after Ray, whose files lie in `session`."""
    dismiss()
    command = [sys.executable, "-I", "-S", __file__, f"{session}/logs/raylet.err"]
    _beside.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True))
    atexit.register(dismiss)


def dismiss() -> None:
    """End it: this process can speak for itself."""
    while _beside:
        witness = _beside.pop()
        with suppress(OSError, subprocess.SubprocessError):
            witness.communicate(b".", timeout=5)


def main() -> None:
    """Wait until the command ends, and speak where it did not say that it would."""
    if not sys.stdin.buffer.read(1):
        with suppress(OSError):
            if WRITTEN_IN_VAIN in Path(sys.argv[1]).read_text(errors="replace"):
                print(STORE_DIED, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
