"""The entropy-coded samples of lossless JPEG, as PVRG and as T.81 code them, in machine code."""

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.sources.compiled import compiled
from deepminer_ray.sources.huffman import QUICK_BITS

FINE, NO_SUCH_CODE, TOO_SHORT, TOO_LONG = range(4)

LONGEST_SAMPLE = 4
"""Bytes of the longest code, 16 bits, with the longest extra bits, 15; reading runs on by at most a row of these."""

READ_AHEAD = 8
"""Bytes in the bit buffer."""

UNDER_LINE = -1
"""As the start of `read_rows`: the first line is predicted from the one above it, as any other."""


@compiled
def without_stuffing(stream: NDArray[np.uint8], offset: int, part: NDArray[np.uint8]) -> tuple[int, int]:
    """Copy bytes from `place` on up to a marker, without the zero after each FF; return bytes copied and the place."""
    copied = 0
    while offset < stream.size:
        byte = stream[offset]
        if byte == 0xFF:
            if offset + 1 == stream.size or stream[offset + 1] != 0:
                break
            offset += 1
        part[copied] = byte
        copied += 1
        offset += 1
    return copied, offset


@compiled
def read_rows(
    part: NDArray[np.uint8],
    size: int,
    quick: NDArray[np.int32],
    codes: NDArray[np.uint16],
    samples: NDArray[np.uint16],
    predictor: int,
    start: int,
) -> int:
    """Fill samples[1:] under the known line samples[0] from `size` bytes; return FINE or the fault.

    `start` is UNDER_LINE as PVRG has it. In T.81 it is what the first sample is predicted to be, and the rest of that
    line is predicted from the left, whatever the predictor (T.81 H.1.2.1).
    The part must be longer than `size` by READ_AHEAD and a row of LONGEST_SAMPLE: ends are looked for row by row.
    """
    buffer, held, offset = np.uint64(0), np.uint64(0), np.uint64(0)
    for row in range(1, samples.shape[0]):
        above, line = samples[row - 1], samples[row]
        corner = left = np.int64(0)
        fresh = row == 1 and start != UNDER_LINE
        chosen = 1 if fresh else predictor
        for column in range(samples.shape[1]):
            # The bit buffer is filled from the top without a branch; bits already there are written again.
            buffer |= _eight_bytes(part, offset) >> held
            offset += (np.uint64(63) - held) >> np.uint64(3)
            held |= np.uint64(56)
            entry = np.int64(quick[buffer >> np.uint64(64 - QUICK_BITS)])
            if entry == 0:
                entry = _long_entry(buffer, codes)
                if entry == 0:
                    return NO_SUCH_CODE
            used = np.uint64(entry & 0xFF)
            buffer <<= used
            held -= used
            over = np.int64(start) if fresh else np.int64(above[column])
            prediction = over if column == 0 else _predict(chosen, left, over, corner)
            left = (prediction + (entry >> 8)) & 0xFFFF
            corner = over
            line[column] = left
        if np.int64(offset) * 8 - np.int64(held) > size * 8:
            return TOO_SHORT
    # At most 7 bits fill the last byte.
    return TOO_LONG if size * 8 - (np.int64(offset) * 8 - np.int64(held)) >= 8 else FINE


@compiled
def _eight_bytes(part: NDArray[np.uint8], offset: np.uint64) -> np.uint64:
    following = np.uint64(0)
    for step in range(READ_AHEAD):
        following = following << np.uint64(8) | np.uint64(part[offset + np.uint64(step)])
    return following


@compiled
def _long_entry(buffer: np.uint64, codes: NDArray[np.uint16]) -> np.int64:
    """Return difference << 8 | bits for a code too long for one look-up; 0 where there is no such code."""
    code = np.int64(codes[buffer >> np.uint64(48)])
    length, category = code & np.int64(31), code >> np.int64(5)
    if category == 0:
        return length
    if category == 16:
        return np.int64(32768 << 8) | length
    extra = np.int64((buffer << np.uint64(length)) >> np.uint64(64 - category))
    difference = extra if extra >> (category - 1) else extra + 1 - (1 << category)
    return difference << 8 | length + category


@compiled
def _predict(predictor: int, left: np.int64, over: np.int64, corner: np.int64) -> np.int64:
    if predictor == 7:
        return left + over >> 1
    if predictor == 1:
        return left
    if predictor == 2:
        return over
    if predictor == 3:
        return corner
    if predictor == 4:
        return left + over - corner
    if predictor == 5:
        return left + (over - corner >> 1)
    return over + (left - corner >> 1)


@compiled
def differences(samples: NDArray[np.uint16], predictor: int, constant: int) -> NDArray[np.int32]:
    """Samples less predictions, modulo 65536 in [-32767, 32768]; the line above the first is `constant`."""
    result = np.empty(samples.shape, np.int32)
    above = np.full(samples.shape[1], constant, np.uint16)
    for row in range(samples.shape[0]):
        corner = left = np.int64(0)
        for column in range(samples.shape[1]):
            over, sample = np.int64(above[column]), np.int64(samples[row, column])
            prediction = over if column == 0 else _predict(predictor, left, over, corner)
            difference = (sample - prediction) & 0xFFFF
            result[row, column] = difference - 0x10000 if difference > 0x8000 else difference
            left, corner = sample, over
        above = samples[row]
    return result


@compiled
def write_differences(
    differences: NDArray[np.int32],
    categories: NDArray[np.uint8],
    codes: NDArray[np.int64],
    bits: NDArray[np.int64],
    coded: NDArray[np.uint8],
) -> int:
    """Write codes and extra bits, a zero after every FF, the last byte filled with ones; return the bytes written."""
    buffer, held, offset = np.int64(0), np.int64(0), 0
    for index in range(differences.size + 1):
        if index == differences.size:
            width = -held % 8
            word = (1 << width) - 1
        else:
            category = np.int64(categories[index])
            difference = np.int64(differences[index])
            extra = np.int64(0) if category == 16 else category
            value = difference if difference > 0 else difference + (1 << extra) - 1
            width = bits[category] + extra
            word = codes[category] << extra | value & (1 << extra) - 1
        buffer, held = buffer << width | word, held + width
        while held >= 8:
            held -= 8
            byte = buffer >> held & 0xFF
            coded[offset] = byte
            offset += 1
            if byte == 0xFF:
                coded[offset] = 0
                offset += 1
        buffer &= 0xFF
    return offset
