"""A domain's file: what it says comes out as tables and choices, and each mistake in it is named with its line."""

import pickle
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deepminer_ray import mammography
from deepminer_ray.cli import app
from deepminer_ray.domain import Domain
from deepminer_ray.domain_file import read_domain
from deepminer_ray.errors import BadInput
from tests.domains import MAMMOGRAPHY, TERMS

BLOOD = """name = "blood"
classes = ["background", "platelets", "white_cell"]
rest = "background"

[synonyms]
leukocyte = "white_cell"

[terms]
cell = ["platelets", "white cell", "red cell"]
"""


def test_rows_hold_what_experts_choose_from_in_their_order() -> None:
    rows = MAMMOGRAPHY.term_rows()
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    chosen = [(row["category"], row["term"]) for row in rows if row["attribute"] != "lesion type"]
    assert chosen == [(category, term) for category, terms in TERMS.items() for term in terms]
    assert len(set(chosen)) == len(chosen), "no term twice in a category"
    assert {row["category"] for row in rows} == {category for category, of in MAMMOGRAPHY.lexicon.items() if of}


def test_attributes_have_one_place_in_names_and_one_field_in_reports() -> None:
    assert set(MAMMOGRAPHY.order) == {attribute.name for attribute in MAMMOGRAPHY.attributes}
    assert len(MAMMOGRAPHY.fields) == len(MAMMOGRAPHY.attributes)
    place = {row["attribute"]: row["place"] for row in MAMMOGRAPHY.term_rows() if row["place"] is not None}
    assert tuple(sorted(place, key=lambda name: place[name])) == MAMMOGRAPHY.order
    assert MAMMOGRAPHY.noun == "lesion type"


def test_the_readers_of_mammograms_have_the_words_of_their_domain() -> None:
    assert MAMMOGRAPHY.classes.names == mammography.CLASSES
    assert tuple(name for name, _ in MAMMOGRAPHY.classes.pathologies) == mammography.PATHOLOGIES
    assert {one.field: one.column for one in MAMMOGRAPHY.attributes} == mammography.KEYWORD_COLUMNS
    assert MAMMOGRAPHY.associations == ("malignant", "benign", "either", "none")


def test_a_page_of_text_is_a_domain() -> None:
    blood = read_domain(BLOOD, "domain.toml")
    assert blood.terms == {"Finding": ("platelets", "white cell", "red cell")}
    assert blood.classes.order == ("background", "unproven", "platelets", "white_cell")
    assert [classes.names for classes in blood.answered] == [blood.classes.names, ("not_white_cell", "white_cell")]
    assert blood.associations == ("white_cell", "platelets", "either", "none")
    assert blood.synonyms == {"leukocyte": "white_cell"}
    assert (blood.noun, blood.scored, blood.fields) == ("cell", ("cell",), {"CELL": "cell"})
    assert (blood.looked.channels, blood.looked.region, blood.nothing) == (1, "all", "background")
    assert not blood.of_paper and MAMMOGRAPHY.of_paper
    copied = pickle.loads(pickle.dumps(blood))
    assert copied == blood and isinstance(copied, Domain)


def test_two_classes_are_what_a_network_of_two_answers() -> None:
    two = read_domain('name = "x"\nclasses = ["none seen", "seen"]\nrest = "none seen"\n', "domain.toml")
    assert [classes.names for classes in two.answered] == [("none seen", "seen")]
    assert two.terms == {} and two.term_rows() == [] and two.noun is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('rest = "background"', 'rest = "backgrund"', "line 3: 'backgrund' is not a class; do you mean 'background'?"),
        ('rest = "background"', 'rest = ["background", "platelets"]', "line 3: `rest`: input should be a valid string"),
        ('rest = "background"', 'rest = "platelets"', "line 2: the rest, 'platelets', is the least severe class"),
        ('name = "blood"', "", "does not say `name`"),
        ('"platelets", "white_cell"]', '"platelets", "platelets"]', "line 2: the class 'platelets' is there twice"),
        (
            '"platelets", "white_cell"]',
            '"not_white_cell", "white_cell"]',
            "'not_white_cell', which means",
        ),
        (
            '["background", "platelets", "white_cell"]',
            '["background"]',
            "line 2: `classes`: .* at least 2",
        ),
        ('["background",', "[" + 50 * '"c", ', "line 2: `classes`: list .* at most 50"),
        ('= "white_cell"\n', '= "white_sell"\n', "line 6: 'white_sell' is not a class; do you mean 'white_cell'?"),
        ("leukocyte =", "platelets =", "line 6: 'platelets' is a class already"),
        (
            "[terms]",
            '[objects]\nWBC = { clas = "x" }\n[terms]',
            "line 9: 'clas' is neither `class` nor an attribute; do",
        ),
        ("[terms]", '[objects]\nWBC = { cell = "x" }\n[terms]', "line 9: 'x' is not a cell; known are: "),
        ("[terms]", '[objects]\nWBC = { class = "white" }\n[terms]', "line 9: 'white' is not a class"),
        ("[terms]", '[objects]\nWBC = "white_cell"\n[terms]', "line 9: `objects.WBC`: .*dictionary"),
        ("[synonyms]", "[synonims]", "line 5: `synonims` is not a key; do you mean 'synonyms'?"),
        ("[synonyms]", "[synonyms", "is not TOML: .*line 5"),
        ("cell = [", "polygon = [", "line 9: an attribute cannot be called 'polygon', as a column is"),
        ("cell = [", "Cell = [", "line 9: 'Cell' cannot be a name: it has no colon"),
        ('"red cell"]', '"red: cell"]', "line 9: 'red: cell' cannot be a name"),
        ('"red cell"]', '"white cell"]', "line 9: a term of 'cell' is there twice"),
        ('"red cell"]', "3]", "line 9: `terms.cell.terms.2`|line 9: .*valid string"),
        ("[terms]", "[image]\nchannels = 2\n[terms]", "line 9: `image.channels`: input should be 1 or 3, it is '2'"),
        ("[terms]", '[image]\nregion = "skin"\n[terms]', "line 9: `image.region`: input should be 'breast', 'all'"),
        ("[terms]", "[labels]\ncover = 1.5\n[terms]", "line 9: `labels.cover`: .*less than or equal to 1"),
        ("[terms]", '[names]\norder = ["cel"]\n[terms]', "line 9: 'cel' is not an attribute; do you mean 'cell'?"),
        ("[terms]", '[counts_as]\nbasophil = "background"\n[terms]', "line 9: 'background' is not a class; known are:"),
        ("[terms]", "[labels]\ncover = " + "9" * 5000 + "\n[terms]", "is not TOML: Exceeds the limit"),
        ("[terms]", "x = [" + "[" * 9999 + "]" * 9999 + "]\n[terms]", "nested too deeply|is not TOML|not a key"),
        ("[terms]", "#" * 100_001 + "\n[terms]", "a domain has at most 100000"),
    ],
)
def test_each_mistake_is_a_sentence_with_its_line(old: str, new: str, said: str) -> None:
    assert old in BLOOD
    with pytest.raises(BadInput) as raised:
        read_domain(BLOOD.replace(old, new, 1), "domain.toml")
    assert re.search(said, str(raised.value)), str(raised.value)
    assert str(raised.value).startswith("domain.toml") and "\n" not in str(raised.value)


def test_the_command_checks_and_prints_a_file(tmp_path: Path) -> None:
    file = tmp_path / "domain.toml"
    file.write_text(BLOOD)
    shown = CliRunner().invoke(app, ["domain", str(file)])
    assert shown.exit_code == 0
    for said in ("blood: 3 classes", "background is what shows no finding", "leukocyte is white_cell", "white cell"):
        assert said in shown.output
    file.write_text(BLOOD.replace("background", "x", 1))
    wrong = CliRunner().invoke(app, ["domain", str(file)])
    assert wrong.exit_code != 0 and "line 3" in str(wrong.exception or wrong.output)
    missing = CliRunner().invoke(app, ["domain", str(tmp_path / "no.toml")])
    assert missing.exit_code != 0 and "cannot be read" in str(missing.exception or missing.output)
