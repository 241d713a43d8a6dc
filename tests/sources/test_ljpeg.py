"""PVRG's lossless JPEG: streams written by hand, a slow decoder beside the fast one, and Stanford's own streams."""

import hashlib
import io
import json
import lzma
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from deepminer_ray.errors import BadInput
from deepminer_ray.sources import ljpeg

VECTORS = Path(__file__).parents[2] / ".." / "shared" / "data" / "ljpeg"
INDEX: dict[str, dict[str, Any]] = (
    json.loads((VECTORS / "index.json").read_text()) if (VECTORS / "index.json").exists() else {}
)
needs_vectors = pytest.mark.skipif(not INDEX, reason="../shared/data/ljpeg is not there")

SAMPLES = np.array([[130, 131, 127], [129, 135, 128]], np.uint16)

# Precision 8, so the line above the first is 128. Codes: category 0 = 00, 1 = 01, 2 = 10, 3 = 110.
# A difference is its category's code, then its extra bits: +d as d in binary, -d as the complement of d.
HAND_WRITTEN = {
    # Above: 131-128 = 3, 127-128 = -1; then 129-130 = -1, 135-131 = 4, 128-127 = 1.
    2: "10 10  10 11  01 0   01 0  110 100  01 1",
    # Above and left: 131-128 = 3, 127-128 = -1; then -1 from above, 135-130 = 5, 128-131 = -3.
    3: "10 10  10 11  01 0   01 0  110 101  10 00",
    # Above + half of (left - corner): 131-(128+1) = 2, 127-(128+1) = -2; then -1, 135-(131-1) = 5, 128-(127+2) = -1.
    6: "10 10  10 10  10 01  01 0  110 101  01 0",
    # Mean of left and above: 131-129 = 2, 127-129 = -2; then -1 from above, 135-130 = 5, 128-131 = -3.
    7: "10 10  10 10  10 01  01 0  110 101  10 00",
}


def padded(bits: str) -> bytes:
    bits = bits.replace(" ", "")
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[place : place + 8], 2) for place in range(0, len(bits), 8)).replace(b"\xff", b"\xff\x00")


def stream(coded: bytes, predictor: int = 7, *, rows: int = 2, columns: int = 3, between: bytes = b"") -> bytes:
    """A stream of precision 8 with the table above; `between` goes before the scan."""
    frame = b"\xff\xc3\x00\x0b\x08" + struct.pack(">HH", rows, columns) + b"\x01\x01\x11\x00"
    table = b"\xff\xc4\x00\x17\x00" + bytes([0, 3, 1] + [0] * 13) + bytes([0, 1, 2, 3])
    scan = b"\xff\xda\x00\x08\x01\x01\x00" + bytes([predictor]) + b"\x00\x00"
    return b"\xff\xd8" + frame + table + between + scan + coded + b"\xff\xd9"


def naive_decode(stream: bytes) -> NDArray[np.int64]:
    """PVRG's decoding from its definition, bit by bit; for streams in PVRG's own order, without restarts."""
    assert stream[:4] == b"\xff\xd8\xff\xc3" and stream[15:17] == b"\xff\xc4" and stream[-2:] == b"\xff\xd9"
    precision, rows, columns = struct.unpack(">BHH", stream[6:11])
    lengths = stream[20:36]
    symbols = list(stream[36 : 36 + sum(lengths)])
    scan = 36 + len(symbols)
    predictor = stream[scan + 7]
    bits = "".join(f"{byte:08b}" for byte in stream[scan + 10 : -2].replace(b"\xff\x00", b"\xff"))
    words, word = {}, 0
    for length in range(1, 17):
        for _ in range(lengths[length - 1]):
            words[f"{word:0{length}b}"] = symbols.pop(0)
            word += 1
        word *= 2
    image = np.full((rows + 1, columns), 2 ** (precision - 1), np.int64)
    place = 0
    for row in range(1, rows + 1):
        for column in range(columns):
            end = place + 1
            while bits[place:end] not in words:
                end += 1
            category = words[bits[place:end]]
            place = end + (category if category < 16 else 0)
            extra = bits[end:place]
            if category == 16:
                difference = 32768
            elif extra and extra[0] == "0":
                difference = int(extra, 2) - 2**category + 1
            else:
                difference = int(extra or "0", 2)
            b = int(image[row - 1, column])
            a, c = (int(image[row, column - 1]), int(image[row - 1, column - 1])) if column else (0, 0)
            by = [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1]
            image[row, column] = ((by[predictor - 1] if column else b) + difference) % 65536
    assert len(bits) - place < 8
    return image[1:]


@pytest.mark.parametrize("predictor", HAND_WRITTEN)
def test_decodes_what_was_coded_by_hand(predictor: int) -> None:
    written = stream(padded(HAND_WRITTEN[predictor]), predictor)
    np.testing.assert_array_equal(ljpeg.decode(written), SAMPLES)
    np.testing.assert_array_equal(naive_decode(written), SAMPLES)


def test_a_restart_does_not_reset_the_prediction() -> None:
    between = b"\xff\xdd\x00\x04\x00\x03"
    coded = padded("10 10  10 10  10 01") + b"\xff\xd0" + padded("01 0  110 101  10 00")
    np.testing.assert_array_equal(ljpeg.decode(stream(coded, between=between)), SAMPLES)
    with pytest.raises(BadInput, match="FFD0 instead of FFD9"):
        ljpeg.decode(stream(coded))
    with pytest.raises(BadInput, match="FFD9 instead of FFD0"):
        ljpeg.decode(stream(padded(HAND_WRITTEN[7]), between=between))


def test_header_says_what_is_written() -> None:
    written = stream(padded(HAND_WRITTEN[6]), 6, between=b"\xff\xfe\x00\x04ab\xff\xdd\x00\x04\x00\x06")
    assert ljpeg.header(written) == ljpeg.LjpegHeader(2, 3, 8, 6, 0, 6)


def test_header_needs_only_the_beginning() -> None:
    coded = ljpeg.encode(np.random.default_rng(0).integers(0, 65536, (90, 70), np.uint16), predictor=4)
    assert len(coded) > 4096
    assert ljpeg.header(coded[:4096]) == ljpeg.LjpegHeader(90, 70, 16, 4, 0, 0)


def codings() -> st.SearchStrategy[tuple[NDArray[np.uint16], int, int]]:
    def of(precision: int) -> st.SearchStrategy[tuple[NDArray[np.uint16], int, int]]:
        values = st.integers(0, 2**precision - 1) | st.sampled_from((0, 2**precision - 1))
        shapes = array_shapes(min_dims=2, max_dims=2, max_side=9)
        return st.tuples(arrays(np.uint16, shapes, elements=values), st.integers(1, 7), st.just(precision))

    return st.integers(8, 16).flatmap(of)


@settings(deadline=None, max_examples=150)
@given(codings(), st.booleans())
def test_what_is_encoded_is_decoded(coding: tuple[NDArray[np.uint16], int, int], exchanged: bool) -> None:
    samples, predictor, precision = coding
    rows, columns = samples.shape
    coded = ljpeg.encode(samples, predictor=predictor, precision=precision, exchanged=exchanged)
    said = ljpeg.header(coded)
    assert (said.rows, said.columns) == ((columns, rows) if exchanged else (rows, columns))
    assert (said.precision, said.predictor) == (precision, predictor)
    np.testing.assert_array_equal(ljpeg.decode(coded, rows=rows, columns=columns), samples)
    np.testing.assert_array_equal(naive_decode(coded).reshape(rows, columns), samples)


def test_exchanged_rows_and_columns_are_reshaped_not_transposed() -> None:
    samples = np.arange(6, dtype=np.uint16).reshape(2, 3)
    coded = ljpeg.encode(samples, exchanged=True)
    assert ljpeg.decode(coded).tolist() == [[0, 1], [2, 3], [4, 5]]
    assert ljpeg.decode(coded, rows=2, columns=3).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert ljpeg.decode(coded, rows=1, columns=6).tolist() == [[0, 1, 2, 3, 4, 5]]
    with pytest.raises(BadInput, match="3 x 2 pixels where 2 x 4 are expected"):
        ljpeg.decode(coded, rows=2, columns=4)


GOOD = stream(padded(HAND_WRITTEN[7]))
FRAME, SCAN = GOOD.index(b"\xff\xc3"), GOOD.index(b"\xff\xda")
CODED = SCAN + 10


def changed(place: int, *values: int) -> bytes:
    return GOOD[:place] + bytes(values) + GOOD[place + len(values) :]


REFUSED = {
    "nothing": (b"", "Not a JPEG"),
    "text": (b"550 no such file", "Not a JPEG"),
    "a baseline frame": (changed(FRAME + 1, 0xC0), "marker is FFC0"),
    "two components": (changed(FRAME + 9, 2), "exactly one component"),
    "no rows": (changed(FRAME + 5, 0, 0), "0 rows"),
    "precision 17": (changed(FRAME + 4, 17), "precision 17"),
    "predictor 0": (changed(SCAN + 7, 0), "predictor 0"),
    "a point transform": (changed(SCAN + 9, 1), "point transform 1"),
    "another table": (changed(SCAN + 6, 0x10), "no Huffman table"),
    "no frame": (GOOD[:2] + GOOD[FRAME + 13 :], "before its frame"),
    "more pixels than bits": (changed(FRAME + 5, 0xFF, 0xFF, 0xFF, 0xFF), "more than its bytes can hold"),
    "restarts inside a row": (stream(b"", between=b"\xff\xdd\x00\x04\x00\x02"), "not at the start of a row"),
    "a category above 16": (changed(SCAN - 1, 17), "Huffman table is impossible"),
    "an oversubscribed table": (changed(GOOD.index(b"\xff\xc4") + 5, 3, 0), "Huffman table is impossible"),
    "an unknown code": (stream(padded("111 1111")), "code that the Huffman table does not have"),
    "too few samples": (stream(padded(HAND_WRITTEN[7][:20])), "end before the last row|does not have"),
    "too many samples": (stream(padded(HAND_WRITTEN[7]) + b"\0"), "go on after the last row"),
    "a marker among the samples": (changed(CODED + 1, 0xFF, 0xC4), "FFC4 instead of FFD9"),
    "an early end": (GOOD[: CODED + 2] + b"\xff\xd9" + GOOD[CODED:], "end before the last row"),
    "no end": (GOOD[:-2], "no end-of-image marker"),
    "half an end": (GOOD[:-1], "no end-of-image marker"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_damage_is_named(name: str) -> None:
    damaged, sentence = REFUSED[name]
    with pytest.raises(BadInput, match=sentence):
        ljpeg.decode(damaged)


def test_a_stream_cut_anywhere_is_refused() -> None:
    for size in range(len(GOOD)):
        with pytest.raises(BadInput):
            ljpeg.decode(GOOD[:size])


def test_bytes_after_the_end_and_fill_bytes_before_it_mean_nothing() -> None:
    np.testing.assert_array_equal(ljpeg.decode(GOOD + b"\xff\xc4 leftovers"), SAMPLES)
    np.testing.assert_array_equal(ljpeg.decode(GOOD[:-2] + b"\xff\xff\xff\xd9"), SAMPLES)
    np.testing.assert_array_equal(ljpeg.decode(GOOD[:SCAN] + b"\xff\xff" + GOOD[SCAN:]), SAMPLES)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_changed_bytes_never_do_worse_than_a_sentence(drawn: st.DataObject) -> None:
    samples = np.random.default_rng(1).integers(1900, 2100, (7, 11), np.uint16)
    damaged = bytearray(ljpeg.encode(samples))
    for _ in range(drawn.draw(st.integers(1, 3))):
        damaged[drawn.draw(st.integers(0, len(damaged) - 1))] = drawn.draw(st.integers(0, 255))
    try:
        found = ljpeg.decode(bytes(damaged))
    except BadInput as error:
        assert str(error).endswith(".")
    else:
        assert found.dtype == np.uint16 and found.ndim == 2


@pytest.mark.parametrize(
    ("samples", "options"),
    [
        (np.full((2, 2), 256, np.uint16), {"precision": 8}),
        (np.zeros((0, 4), np.uint16), {}),
        (np.zeros((2, 2), np.uint16), {"predictor": 8}),
        (np.zeros((2, 2), np.uint16), {"precision": 7}),
    ],
)
def test_what_no_lossless_jpeg_holds_is_not_encoded(samples: NDArray[np.uint16], options: dict[str, int]) -> None:
    with pytest.raises(BadInput):
        ljpeg.encode(samples, **options)


def truth(name: str) -> NDArray[np.uint16]:
    unpacked = lzma.decompress((VECTORS / INDEX[name]["truth"]).read_bytes())
    return np.load(io.BytesIO(unpacked)).astype(np.uint16)


@needs_vectors
@pytest.mark.parametrize("name", [name for name, vector in INDEX.items() if "sha256" in vector])
def test_stanfords_streams_are_decoded_exactly(name: str) -> None:
    vector = INDEX[name]
    coded = (VECTORS / f"{name}.LJPEG").read_bytes()
    said = ljpeg.header(coded)
    assert (said.rows, said.columns, said.precision, said.predictor) == tuple(
        vector[key] for key in ("Y", "X", "P", "predictor")
    )
    samples = ljpeg.decode(coded, rows=vector["true_rows"], columns=vector["true_cols"])
    np.testing.assert_array_equal(samples, truth(name))
    kept = samples.astype(np.uint8 if said.precision == 8 else ">u2").tobytes()
    assert hashlib.sha256(kept).hexdigest() == vector["sha256"]


@needs_vectors
@pytest.mark.parametrize(
    "name", [name for name, v in INDEX.items() if "sha256" in v and not name.endswith(("restart", "jfif"))]
)
def test_stanfords_streams_are_written_byte_for_byte(name: str) -> None:
    vector = INDEX[name]
    coded = ljpeg.encode(
        truth(name), predictor=vector["predictor"], precision=vector["P"], exchanged=name.endswith("swapped")
    )
    assert coded == (VECTORS / f"{name}.LJPEG").read_bytes()


@needs_vectors
@pytest.mark.parametrize("name", [name for name, vector in INDEX.items() if "sha256" not in vector])
def test_stanfords_damaged_streams_are_refused(name: str) -> None:
    coded = (VECTORS / f"{name}.LJPEG").read_bytes()
    if name.endswith("trailing"):
        np.testing.assert_array_equal(ljpeg.decode(coded), truth(name))
    elif name.endswith("sofpatched"):
        # Nothing in the stream betrays it: PVRG too decodes another image of the exchanged size.
        assert ljpeg.decode(coded).shape == (400, 600)
    else:
        with pytest.raises(BadInput):
            ljpeg.decode(coded)
