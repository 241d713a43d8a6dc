"""Tables of text as people's programs write them: each way is the same table, and what cannot be read says where."""

import codecs
import time

import pytest

from deepminer_ray.errors import BadInput
from deepminer_ray.files.table import TextTable, decimal_point, refuse_lines, slashed, text_table

COLUMNS = ["image", "patient", "note", "size"]
ROWS = [["a\\b.png", "Müller", "round; edge, left", "12.5"], ["c.png", "0012", "", "3"]]


def written(separator: str = ",", end: str = "\n", comma: str = ".", after: str = "") -> str:
    """The table with one separator, line end and decimal point, and something after each of its lines."""
    quoted = [[f'"{cell}"' if "edge" in cell else cell.replace("12.5", f"12{comma}5") for cell in row] for row in ROWS]
    return "".join(separator.join(row) + after + end for row in [COLUMNS, *quoted])


WAYS = {
    "utf-8": written().encode(),
    "mark": codecs.BOM_UTF8 + written().encode(),
    "semicolons": written(";", comma=",").encode(),
    "semicolons of Windows": written(";", "\r\n", ",").encode("cp1252"),
    "tabs in UTF-16": written("\t", "\r\n", ",").encode("utf-16"),
    "big endian": codecs.BOM_UTF16_BE + written("\t").encode("utf-16-be"),
    "UTF-16 without a mark": written("\t").encode("utf-16-le"),
    "UTF-32": written().encode("utf-32"),
    "sep": b"sep=;\r\n" + written(";", "\r\n", ",").encode(),
    "sep, quoted and filled": b'"sep=|";;;\n' + written("|").encode(),
    "sep in UTF-16": ("sep=\t\r\n" + written("\t", "\r\n")).encode("utf-16"),
    "old line ends": written(end="\r").encode(),
    "blank lines": ("\n,,,\n" + written(end="\n\n") + ",,,\n  \n").encode(),
    "empty columns": written(after=",,").encode(),
    "blanks": written(", ").encode(),
    "no last line end": written().strip().encode(),
    "kept as text": written().replace("0012", '="0012"').encode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_however_it_is_written_a_table_is_the_same(way: str) -> None:
    table = text_table(WAYS[way], "a.csv")
    assert (table.columns, table.rows) == (COLUMNS, ROWS)
    assert table.lines == {"blank lines": [5, 7]}.get(way, [3, 4] if way.startswith("sep") else [2, 3])
    assert list(table.iter_rows(named=True))[1] == dict(zip(COLUMNS, ROWS[1], strict=True))
    assert table.select("size", "image").rows == [["12.5", "a\\b.png"], ["3", "c.png"]]


@pytest.mark.parametrize(
    ("text", "columns", "first"),
    [
        ("a;what, and where, and when\n1;x, y\n", ["a", "what, and where, and when"], ["1", "x, y"]),
        ("a,b;c\n1,2;3\n4,5\n", ["a", "b;c"], ["1", "2;3"]),
        ("unit\n5\n", ["unit"], ["5"]),
        ('a,b\n"x\ny",2\n', ["a", "b"], ["x\ny", "2"]),
        ("a,b,c\n1\n", ["a", "b", "c"], ["1", "", ""]),
        (",a\n0,x\n", ["", "a"], ["0", "x"]),
    ],
)
def test_columns_are_told_apart(text: str, columns: list[str], first: list[str]) -> None:
    table = text_table(text.encode(), "a.csv")
    assert (table.columns, table.rows[0]) == (columns, first)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty."),
        (b" \n,,\n", "it is empty."),
        (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 values, and line 1 names 2 columns"),
        (b"a;b\n1;2\n\n1;2;3\n", "line 4 has 3 values, and line 1 names 2 columns"),
        (b"a,b,\n1,2,3\n", "line 2 has 3 values, and line 1 names 2 columns"),
        (b'a,b\n1,2\n"1,2\n3,4\n', "line 3: a quote is not closed"),
        (b'a,b\n1,"2"x\n', "line 2: ',' expected after"),
        (b"a,b\n1,\xff\xfe\n\x81,2\n", "line 3 is neither UTF-8 nor Windows-1252"),
        ("a,b\nü,1\n".encode() + b"\xfc,1\n", "line 3 is not UTF-8"),
        (codecs.BOM_UTF8 + b"a,b\n\xfc,1\n", "line 2 is not UTF-8"),
        (b"\xff\xfea", "line 1 is not UTF-16-LE"),
        (b"PK\x03\x04rest", "is a spreadsheet's workbook or packed: save it as csv"),
        (b'a,b"\n1,2\n', "has a quote within the name of a column"),
        (b"a" + b"," * 2000, "has 2001 columns: more than 1000 are not read"),
        (b"a,b\n1" + b"," * 2000, "has 2001 columns: more than 1000 are not read"),
        (b'"a\n",' + b'"b\n",' * 1500, "has 1502 columns: more than 1000 are not read"),
    ],
)
def test_what_is_no_table_is_refused_by_its_line(content: bytes, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        text_table(content, "a.csv")
    assert said in str(refused.value) and "a.csv" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,b\n1,2\n", "a.csv lacks the column mask: its columns, separated by commas, are 'image', 'b'."),
        ("image;b\n1;2\n", "a.csv lacks the column mask: its columns, separated by semicolons, are 'image', 'b'."),
        ("image|mask\n1|2\n", "lacks the columns image, mask: its only column is 'image|mask' (columns are separated"),
        (",".join(map(str, range(40))), "'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11' and 28 more."),
    ],
)
def test_a_missing_column_is_named_with_those_that_are_there(text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        text_table(text.encode(), "a.csv").need("image", "mask")
    assert said in str(refused.value)


def test_a_value_of_several_lines_is_named_by_line_and_column() -> None:
    with pytest.raises(BadInput, match="in line 3, column b"):
        refuse_lines(text_table(b'a,b\n1,2\n3,"4\n5"\n', "a.csv"))
    with pytest.raises(BadInput, match="several lines among the names"):
        refuse_lines(text_table(b'a,"b\nc"\n1,2\n', "a.csv"))


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("12,5", "12.5"),
        ("-0,25", "-0.25"),
        ("1,500", "1,500"),
        ("1.5", "1.5"),
        ("1,2,3", "1,2,3"),
        ("0,1234", "0.1234"),
    ],
)
def test_a_comma_that_may_separate_thousands_is_no_decimal_point(text: str, points: str) -> None:
    assert decimal_point(text) == points


@pytest.mark.parametrize(
    ("separator", "cells", "read"),
    [
        (";", ["103,125", "7"], ["103.125", "7"]),
        (";", ["103,125", "N/A", ""], ["103.125", "N/A", ""]),
        (";", ["103,125", "left"], ["103,125", "left"]),
        ("\t", ["103,125", "7,5"], ["103.125", "7.5"]),
        ("\t", ["1,500", "7"], ["1,500", "7"]),
    ],
)
def test_a_column_of_numbers_has_decimal_points(separator: str, cells: list[str], read: list[str]) -> None:
    text = "".join(f"{cell}{separator}x\n" for cell in ["size", *cells])
    assert [row[0] for row in text_table(text.encode(), "a.csv").rows] == read


def test_paths_of_windows_are_paths() -> None:
    assert slashed("images\\left\\a.png") == "images/left/a.png"


def test_a_hundred_thousand_rows_take_a_second_or_two() -> None:
    text = "image,patient,note,x,y\n" + "".join(f"images/{row}.png,P_{row // 4},,12.5,3\n" for row in range(100_000))
    started = time.process_time()
    table = text_table(text.encode(), "a.csv")
    assert time.process_time() - started < 5
    assert len(table.rows) == 100_000 and table.lines[-1] == 100_001 and isinstance(table, TextTable)
