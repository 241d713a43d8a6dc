"""The classes: their order, what a network of two makes of three, and how a mammogram is decided."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepminer_ray.classes import Classes, class_rows, decided, deciding_cells, scan_probability
from deepminer_ray.errors import BadInput
from tests import naive
from tests.domains import CANCER_OR_NOT, MAMMOGRAPHY, THREE_CLASSES


def test_rows_are_by_severity_and_say_what_each_class_is_true_of() -> None:
    rows = {row["class"]: row for row in MAMMOGRAPHY.class_rows()}
    assert list(rows) == ["normal", "not_malignant", "unproven", "benign", "malignant"]
    assert [row["place"] for row in rows.values()] == [0, 1, 2, 3, 4]
    assert [name for name, row in rows.items() if row["rest"]] == ["normal", "not_malignant"]
    assert [name for name, row in rows.items() if row["known"]] == list(THREE_CLASSES)
    assert rows["not_malignant"]["holds"] == ["normal", "benign"]
    assert all(rows[name]["holds"] == [name] for name in THREE_CLASSES)
    assert rows["unproven"]["holds"] == []
    for classes in MAMMOGRAPHY.answered:
        assert sorted(one for name in classes for one in rows[name]["holds"]) == sorted(THREE_CLASSES), "each once"


def test_pathologies_count_as_the_slow_definition_has_it() -> None:
    for row in MAMMOGRAPHY.class_rows():
        for pathology in row["pathologies"]:
            assert THREE_CLASSES.class_of(pathology) == row["class"] == naive.class_of(pathology)
    assert THREE_CLASSES.class_of("of another hospital") == "unproven"


def test_classes_of_ones_own_have_an_order_and_a_rest() -> None:
    own = Classes(("no change", "cyst", "fibroadenoma", "cancer"), (("tumour", "cancer"),))
    assert own.worst([]) == own.rest == "no change"
    assert own.worst(["cyst", own.unproven, "fibroadenoma"]) == "fibroadenoma"
    assert own.worst([own.unproven, own.rest]) == own.unproven
    assert own.label([("cancer", 0.1, 0.3), ("cyst", 0.4, 0.0)], 0.3, 0.3) == "cancer"
    rows = class_rows(own, (own, Classes(("harmless", "cancer"))))
    assert [row["class"] for row in rows] == ["no change", "harmless", "unproven", "cyst", "fibroadenoma", "cancer"]
    assert rows[1]["holds"] == ["no change", "cyst", "fibroadenoma"]
    assert pickle.loads(pickle.dumps(own)) == own


@pytest.mark.parametrize("classes", MAMMOGRAPHY.answered, ids=len)
def test_a_known_class_is_one_output(classes: Classes) -> None:
    assert MAMMOGRAPHY.answers(len(classes)) == classes
    holds = {row["class"]: row["holds"] for row in MAMMOGRAPHY.class_rows()}
    for known in THREE_CLASSES:
        assert known in holds[classes.names[classes.index(known)]]
    assert CANCER_OR_NOT.index("benign") == 0
    assert MAMMOGRAPHY.answers() == THREE_CLASSES
    with pytest.raises(BadInput, match="cannot have 4 classes: use 3: normal, benign, malignant; 2: not_malignant"):
        MAMMOGRAPHY.answers(4)


@settings(deadline=None)
@given(st.data())
def test_a_mammogram_is_decided_as_the_loop_does(data: st.DataObject) -> None:
    """Quarters, so that many cells are equal: the first counts, and of equal classes the worse."""
    classes, cells = data.draw(st.integers(2, 4)), data.draw(st.integers(1, 6))
    rows = [[data.draw(st.integers(0, 4)) / 4 for _ in range(cells)] for _ in range(classes)]
    largest = [max(row) for row in rows[1:]]
    wanted = [1 - max(largest), *largest]
    assert scan_probability(np.array(rows)).tolist() == wanted
    assert scan_probability(np.array([rows, rows])).tolist() == [wanted, wanted]
    where = [row.index(max(row)) for row in rows[1:]]
    assert deciding_cells(np.array(rows)) == [where[largest.index(max(largest))], *where]
    assert int(decided(np.array(wanted))) == max(range(classes), key=lambda one: (wanted[one], one))
