"""DICOM's run-length coding (PS3.5, annex G): bytes of a sample apart, each part packed as PackBits packs."""

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.sources.compiled import compiled

HEADER = 64
"""Bytes: how many segments there are, and where each of at most 15 begins."""
NO_OPERATION = 128


def decode_runs(stream: bytes | memoryview, size: int, width: int) -> NDArray[np.uint8]:
    """The bytes [size * width] of so many grey levels of `width` bytes, the low byte first; BadInput where damaged."""
    places = np.frombuffer(stream[:HEADER], "<u4")
    if places.size < HEADER // 4 or places[0] != width:
        raise BadInput(f"The run-length coded image does not have {width} segments: it is damaged.")
    coded, samples = np.frombuffer(stream, np.uint8), np.empty(size * width, np.uint8)
    begins = [*(int(begin) for begin in places[1 : width + 1]), len(stream)]
    for segment in range(width):  # the high bytes come first
        begin, end = begins[segment], begins[segment + 1]
        if not HEADER <= begin < end <= len(stream):
            raise BadInput("The run-length coded image is damaged: its segments lie outside of it.")
        if not unpack(coded[begin:end], samples[width - 1 - segment :: width]):
            raise BadInput("The run-length coded image is damaged: it ends before the last pixel.")
    return samples


@compiled
def unpack(coded: NDArray[np.uint8], samples: NDArray[np.uint8]) -> bool:
    """Fill the samples from packed bytes; whether there were enough of them."""
    place = filled = 0
    while filled < samples.size:
        if place >= coded.size:
            return False
        count = int(coded[place])
        place += 1
        left = samples.size - filled
        if count == NO_OPERATION:
            continue
        if count < NO_OPERATION:
            run = count + 1 if count + 1 < left else left
            if place + run > coded.size:
                return False
            for step in range(run):
                samples[filled + step] = coded[place + step]
            place += count + 1
        else:
            run = 257 - count if 257 - count < left else left
            if place >= coded.size:
                return False
            samples[filled : filled + run] = coded[place]
            place += 1
        filled += run
    return True
