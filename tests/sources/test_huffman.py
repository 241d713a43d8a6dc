"""Huffman codes: short enough, without a prefix among them, and as good as counting can make them."""

import heapq
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepminer_ray.errors import BadInput
from deepminer_ray.sources import huffman

COUNTS = st.lists(st.integers(0, 10**6), min_size=17, max_size=17).filter(any)
DOUBLING = [2**category for category in range(17)]


def words(counts: list[int]) -> dict[int, str]:
    codes, bits = huffman.code_words(*huffman.code_lengths(np.array(counts)))
    return {category: f"{codes[category]:0{bits[category]}b}" for category in range(17) if bits[category]}


def naive_cost(counts: list[int]) -> int:
    """Bits of the best code by merging the two rarest again and again, the reserved code counted as one more symbol."""
    heap = [count for count in counts if count] + [1]
    heapq.heapify(heap)
    cost = 0
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        cost += merged
        heapq.heappush(heap, merged)
    return cost


def check(counts: list[int]) -> dict[int, str]:
    coded = words(counts)
    assert set(coded) == {category for category, count in enumerate(counts) if count}
    assert all(len(code) <= 16 and "0" in code for code in coded.values())
    assert not any(b.startswith(a) for a, b in itertools.permutations(coded.values(), 2))
    return coded


@given(COUNTS)
def test_every_category_that_occurs_has_a_code_of_at_most_16_bits(counts: list[int]) -> None:
    coded = check(counts)
    cost = sum(counts[category] * len(code) for category, code in coded.items())
    # The reserved symbol, counted once, costs its own depth.
    assert cost <= naive_cost(counts) or max(map(len, coded.values())) == 16


def test_codes_of_17_bits_are_shortened() -> None:
    # One more symbol a doubling is one more bit: with the reserved one, 18 symbols are 17 bits deep.
    assert max(map(len, check([*DOUBLING[:15], 0, 0]).values())) == 15
    assert max(map(len, check(DOUBLING).values())) == 16
    assert max(map(len, check(DOUBLING[::-1]).values())) == 16


def test_a_single_category_takes_one_bit() -> None:
    assert words([0, 0, 0, 5] + [0] * 13) == {3: "0"}


@pytest.mark.parametrize("category", range(17))
def test_a_category_holds_the_differences_of_its_bits(category: int) -> None:
    differences = huffman.differences_of(category)
    assert set(huffman.category_of(differences)) == {category}
    assert list(differences) == sorted(differences)
    assert len(differences) == (1 if category == 16 else 2**category)


def test_more_codes_than_there_is_room_for_are_refused() -> None:
    with pytest.raises(BadInput, match="Huffman table is impossible"):
        huffman.look_up_tables(bytes([3] + [0] * 15), bytes([0, 1, 2]))
