"""10,000 damaged streams: each decodes or is refused, none crashes, hangs or takes more memory than its bytes allow."""

import random
import resource

import numpy as np

from deepminer_ray.errors import BadInput
from deepminer_ray.sources import ljpeg

STREAMS = 10_000
HEADERS = 70
"""Bytes in which markers, sizes and tables lie: most damage is done there."""
MEMORY_KB = 200_000
"""Far more than any of the small films needs, far less than 65,535 x 65,535 px."""


def whole() -> list[bytes]:
    """Small films of every predictor, a flat one and one with noise, and one of exchanged rows and columns."""
    rng = np.random.default_rng(0)
    smooth = (rng.normal(0, 30, (56, 40)).cumsum(axis=1) + 2000).clip(0, 4095).astype(np.uint16)
    noise = rng.integers(0, 65536, (24, 20), dtype=np.uint16)
    flat = np.full((12, 9), 7, np.uint16)
    streams = [ljpeg.encode(smooth, predictor=predictor, precision=12) for predictor in range(1, 8)]
    return [*streams, ljpeg.encode(noise), ljpeg.encode(flat), ljpeg.encode(smooth, exchanged=True)]


def damaged(stream: bytes, luck: random.Random) -> bytes:
    """A stream with one to four bytes changed, some cut short, some with a piece doubled."""
    changed = bytearray(stream)
    for _ in range(luck.randint(1, 4)):
        reach = min(len(changed), HEADERS) if luck.random() < 0.6 else len(changed)
        changed[luck.randrange(reach)] = luck.randrange(256)
    kind = luck.random()
    if kind < 0.1:
        del changed[luck.randrange(len(changed)) :]
    elif kind < 0.2:
        start = luck.randrange(len(changed))
        changed[start:start] = changed[start : start + luck.randint(1, 50)]
    return bytes(changed)


def test_damage_is_refused_or_decoded_and_nothing_else() -> None:
    luck, streams = random.Random(0), whole()
    for whole_stream in streams:
        ljpeg.decode(whole_stream)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    decoded = refused = 0
    for number in range(STREAMS):
        stream = damaged(streams[number % len(streams)], luck)
        try:
            found = ljpeg.decode(stream)
        except BadInput as error:
            assert str(error).endswith(".")
            refused += 1
        else:
            assert found.size <= 8 * len(stream)
            decoded += 1
    assert decoded and refused and decoded + refused == STREAMS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY_KB
