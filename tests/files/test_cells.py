"""csv that a spreadsheet shows and does not run, and that is read back as it was."""

import csv
import io
import subprocess
import sys
import time
from pathlib import Path

import polars
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepminer_ray.annotation.exchange import ANNOTATION_COLUMNS, read_annotations, write_annotations
from deepminer_ray.cli import main
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.explanations.readers import KEY, SHEET, write_questions
from deepminer_ray.files.cells import csv_of, marked, text_of, unmarked
from deepminer_ray.stages.partition import read_partition_lists

FORMULA = "=cmd|' /C calc'!A0"
STARTS = "=+-@\t\r\n\uff1d"
TEXTS = [
    FORMULA,
    "=1",
    "+1+1",
    "-1-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\uff1d1",
    "-",
    "+",
    "--1",
    "-mass",
    "'=1",
    "''=1",
    "'-1.5",
]
PLAIN = ["", "mass", "'", "'mass", "a=b", "1.5", "-1.5", "+3", "-1e-5", "-.5", " =1", "unit_0008"]


@pytest.mark.parametrize("text", TEXTS)
def test_what_would_be_computed_is_marked(text: str) -> None:
    assert marked(text) == f"'{text}" and unmarked(marked(text)) == text


@pytest.mark.parametrize("text", PLAIN)
def test_what_would_not_stays(text: str) -> None:
    assert marked(text) == text == unmarked(text)


@given(st.text(st.sampled_from("'=+-@1.e \t\n\rm\uff1d"), max_size=6))
def test_every_text_comes_back(text: str) -> None:
    assert unmarked(marked(text)) == text
    assert marked(text)[:1] not in STARTS or not text or float(text) is not None


def test_numbers_stay_numbers_and_names_of_columns_are_marked_too() -> None:
    table = polars.DataFrame({"=a": [FORMULA, None], "b": [-1.5, None], "c": [-3, 4]})
    table = table.with_columns(polars.Series("d", ["-x", "y"], polars.Categorical))
    assert csv_of(table) == f"'=a,b,c,d\n'{FORMULA},-1.5,-3,'-x\n,,4,y\n"


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_annotations_come_back_as_they_were(tmp_path: Path, suffix: str) -> None:
    said = [text for text in (*TEXTS, *PLAIN) if text.strip() == text and text]
    rows = [
        dict.fromkeys(ANNOTATION_COLUMNS) | {"unit": "unit_0001", "annotator": text, "phenomenon": text}
        for text in said
    ]
    out = tmp_path / f"names.{suffix}"
    write_annotations(out, rows)
    assert [row["phenomenon"] for row in read_annotations(out, 9)] == said
    assert [row["annotator"] for row in read_annotations(out, 9)] == said
    if suffix == "csv":
        cells = [cell for row in csv.reader(io.StringIO(out.read_text())) for cell in row]
        assert not [cell for cell in cells if cell[:1] in set(STARTS) and cell not in PLAIN]


def test_no_sheet_or_answer_holds_a_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [{"question": 1, "scan": FORMULA, "class": "benign", "explanation": FORMULA}]
    write_questions(tmp_path / "sheets", asked)
    for name in (SHEET, KEY):
        assert f"\n1,'{FORMULA}," in (tmp_path / "sheets" / name).read_text()
    run = Run.created(tmp_path / "run")
    with run.finishing("catalog", {}, time.time()) as tables:
        tables.insert("scan", pa.table({"scan": ["S"], "patient": [FORMULA]}))
    with pytest.raises(SystemExit):
        main(["sql", str(run.folder), "select patient, 'test' as partition, -1.5::double as x from scan", "--csv"])
    said = capsys.readouterr().out
    assert said == f"patient,partition,x\n'{FORMULA},test,-1.5\n"
    (tmp_path / "lists.csv").write_text(said)
    assert read_partition_lists(tmp_path / "lists.csv").to_dicts() == [{"patient": FORMULA, "list": "test"}]


@pytest.mark.parametrize(
    ("statement", "form", "sentence"),
    [
        ("select [1] as l", "--csv", "csv has no form for the list"),
        ("select {'a': 1} as l", "--csv", "csv has no form for the struct"),
        ("select map {'a': 1} as l", "--csv", "csv has no form for the map"),
        ("select 'x'::blob as l", "--csv", "csv has no form for the"),
        ("select 'x'::blob as l", "--json", "JSON has no form for the"),
        ("select interval 3 day as l", "--json", "JSON has no form for the"),
        ("select 1 as a, 2 as a", "--json", "Two columns are called 'a'"),
        ("select interval 3 day as l", "--parquet", "cannot be written as Parquet"),
    ],
)
def test_answers_that_a_form_cannot_hold_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], statement: str, form: str, sentence: str
) -> None:
    Run.created(tmp_path / "run")
    file = [str(tmp_path / "out.parquet")] if form == "--parquet" else []
    with pytest.raises(SystemExit) as ended:
        main(["sql", str(tmp_path / "run"), statement, form, *file])
    said = capsys.readouterr()
    assert ended.value.code == 2 and sentence in said.err and said.err.count("\n") == 1 and said.out == ""


def test_json_holds_lists_and_records() -> None:
    assert text_of(pa.table({"l": [[1]], "s": [{"a": 1}]}), json=True) == '[{"l":[1],"s":{"a":1}}]'


WRITE = """
import resource, signal, sys
from pathlib import Path
from deepminer_ray.annotation.exchange import write_annotations
from deepminer_ray.errors import BadInput
rows = [{"unit": "unit_0001", "annotator": "Anna", "recognizable": "true", "phenomenon": "mass"}] * 10_000
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    write_annotations(Path(sys.argv[1]), rows)
except BadInput as error:
    print(error)
"""


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_a_full_disk_leaves_the_file_that_was_there(tmp_path: Path, suffix: str) -> None:
    """A file that may not grow stands for a disk that is full."""
    out = tmp_path / f"names.{suffix}"
    out.write_text("before")
    done = subprocess.run([sys.executable, "-c", WRITE, str(out)], capture_output=True, text=True)
    assert done.stdout == f"{out} cannot be written: File too large.\n", done.stderr
    assert out.read_text() == "before" and list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("where", ["none/names.csv", "names.csv/names.csv"])
def test_where_no_file_can_be_is_said(tmp_path: Path, where: str) -> None:
    (tmp_path / "names.csv").write_text("")
    with pytest.raises(BadInput, match=r"cannot be written: there is no folder"):
        write_annotations(tmp_path / where, [])
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BadInput, match=r"cannot be written: Is a directory"):
        write_annotations(tmp_path / "folder.csv", [])
