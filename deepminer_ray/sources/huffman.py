"""Huffman codes of lossless JPEG: 17 categories of differences, codes of at most 16 bits (T.81 annexes C, H and K)."""

import heapq

import numpy as np
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput

CATEGORIES = 17
"""A difference of category s is s bits long; category 16 is 32768 alone and has no extra bits."""

LONGEST_CODE = 16

QUICK_BITS = 13
"""Code and extra bits that one look-up resolves; 2^13 entries of 4 bytes stay in the first-level cache."""


def category_of(differences: NDArray[np.int32]) -> NDArray[np.uint8]:
    """The number of bits of each difference's size, 0 to 16."""
    return np.frexp(np.abs(differences).astype(np.float32))[1].astype(np.uint8)


def code_lengths(counts: NDArray[np.int64]) -> tuple[bytes, bytes]:
    """Return how many codes have 1 to 16 bits, and the categories in the order of their codes (T.81 K.2)."""
    # A category that never occurs, last in every order, takes the code of ones only, which is then left out.
    heap = [(int(count), -category, [category]) for category, count in enumerate([*counts, 1]) if count]
    heapq.heapify(heap)
    depth = {category: 0 for _, _, group in heap for category in group}
    while len(heap) > 1:
        rare, next_rare = heapq.heappop(heap), heapq.heappop(heap)
        group = rare[2] + next_rare[2]
        for category in group:
            depth[category] += 1
        heapq.heappush(heap, (rare[0] + next_rare[0], rare[1], group))
    number = [0] * (CATEGORIES + 1)
    for length in depth.values():
        number[length] += 1
    _shorten(number)
    number[max(length for length, codes in enumerate(number) if codes)] -= 1
    del depth[CATEGORIES]
    symbols = [category for _, category in sorted((length, category) for category, length in depth.items())]
    return bytes(number[1 : LONGEST_CODE + 1]), bytes(symbols)


def _shorten(number: list[int]) -> None:
    """Move codes of 17 bits to 16 bits or fewer (T.81 figure K.3)."""
    for length in range(len(number) - 1, LONGEST_CODE, -1):
        while number[length]:
            shorter = length - 2
            while not number[shorter]:
                shorter -= 1
            number[length] -= 2
            number[length - 1] += 1
            number[shorter + 1] += 2
            number[shorter] -= 1


def code_words(lengths: bytes, symbols: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return code and bits of each category; 0 bits where it has none."""
    codes, bits = np.zeros(CATEGORIES, np.int64), np.zeros(CATEGORIES, np.int64)
    code = index = 0
    for length, count in enumerate(lengths, 1):
        for category in symbols[index : index + count]:
            codes[category], bits[category] = code, length
            code += 1
        index += count
        code <<= 1
    return codes, bits


def look_up_tables(lengths: bytes, symbols: bytes) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    """Return difference and bits by the next QUICK_BITS bits (0: look further), category and bits by the next 16."""
    quick = np.zeros(1 << QUICK_BITS, np.int32)
    codes = np.zeros(1 << 16, np.uint16)
    code = index = 0
    for length, count in enumerate(lengths, 1):
        for category in symbols[index : index + count]:
            if code >= 1 << length:
                raise BadInput("The LJPEG is damaged: its Huffman table is impossible.")
            first, width = code << (16 - length), 1 << (16 - length)
            codes[first : first + width] = category << 5 | length
            extra = 0 if category == 16 else category
            if length + extra <= QUICK_BITS:
                spare = QUICK_BITS - length
                entries = differences_of(category) << 8 | (length + extra)
                quick[code << spare : (code + 1) << spare] = np.repeat(entries, 1 << (spare - extra))
            code += 1
        index += count
        code <<= 1
    return quick, codes


def differences_of(category: int) -> NDArray[np.int32]:
    """All differences of a category in the order of their extra bits."""
    if category in (0, 16):
        return np.array([0 if category == 0 else 32768], np.int32)
    half = 1 << (category - 1)
    return np.concatenate([np.arange(1 - 2 * half, 1 - half), np.arange(half, 2 * half)]).astype(np.int32)
