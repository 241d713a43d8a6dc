"""`suggestion` and `lesion_phrase`: names from what a unit's top patches show."""

from typing import Any

import pytest

Row = dict[str, Any]

MASS = {"lesion_type": "MASS", "shape": "IRREGULAR", "margins": "SPICULATED", "pathology": "malignant"}
OVAL = {"lesion_type": "MASS", "shape": "OVAL", "margins": "CIRCUMSCRIBED", "pathology": "benign"}
FINE = {"lesion_type": "CALCIFICATION", "calcification_type": "PLEOMORPHIC", "distribution": "CLUSTERED"} | {
    "pathology": "malignant"
}


@pytest.mark.parametrize(
    ("keywords", "phrase", "category"),
    [
        (MASS, "irregular spiculated mass", "Mass"),
        (FINE, "clustered pleomorphic calcifications", "Calcification"),
        ({"lesion_type": "MASS", "shape": "OVAL", "margins": "ILL_DEFINED"}, "oval ill defined mass", "Mass"),
        ({"lesion_type": "MASS", "shape": "ROUND-OVAL", "margins": "N/A"}, "round oval mass", "Mass"),
        (
            {"lesion_type": "CALCIFICATION", "calcification_type": "VASCULAR"},
            "vascular calcifications",
            "Calcification",
        ),
        ({"lesion_type": "CALCIFICATION"}, "calcifications", "Calcification"),
        (
            MASS | FINE | {"lesion_type": "CALCIFICATION MASS"},
            "irregular spiculated mass with clustered pleomorphic calcifications",
            "Mass, Calcification",
        ),
        ({"lesion_type": "OTHER"}, "other finding", "Other"),
        ({"lesion_type": None}, "other finding", "Other"),
    ],
)
def test_keywords_become_plain_words(run: Any, keywords: Row, phrase: str, category: str) -> None:
    run.fill("lesion", [{"lesion": "L", "pathology": "benign"} | keywords])
    assert run.rows("from lesion_phrase") == [
        {
            "lesion": "L",
            "class": keywords.get("pathology", "benign"),
            "phrase": phrase,
            "category": category,
        }
    ]


def suggested(run: Any, shown: list[Row | None], share: float = 0.3, labels: dict[int, str] | None = None) -> Row:
    """What is suggested for unit 5 whose top patches show these lesions, one a patch, None for no lesion."""
    run.fill("scan", [{"scan": "S", "patient": "P"}])
    run.fill("partition", [{"patient": "P", "partition": "test"}])
    run.fill("unit_rank", [{"class": name, "rank": 1, "unit": 5} for name in ("benign", "malignant")])
    run.fill("patch", [{"patch": patch, "scan": "S"} for patch in range(len(shown))])
    run.fill("top_patch", [{"unit": 5, "rank": patch + 1, "patch": patch} for patch in range(len(shown))])
    run.fill("top_patch", [{"unit": 6, "rank": 1, "patch": 0}])
    run.fill(
        "label",
        [
            {"patch": patch, "class": (labels or {}).get(patch, "benign" if lesion else "normal")}
            for patch, lesion in enumerate(shown)
        ],
    )
    for patch, lesion in enumerate(shown):
        if lesion:
            run.fill("lesion", [{"lesion": f"L{patch}", "scan": "S"} | lesion])
            run.fill("overlap", [{"patch": patch, "lesion": f"L{patch}", "cover": 0.4, "within": 0.5}])
    row = run.ask("suggestion", partitions=["test"], share=share, shown=16)[0]
    assert row.pop("unit") == 5
    return dict(row)


NOTHING = {"phenomenon": None, "recognizable": False, "category": None, "association": None}
SPICULATED = {
    "phenomenon": "irregular spiculated mass",
    "recognizable": True,
    "category": "Mass",
    "association": "malignant",
}
BREAST = {"phenomenon": "normal breast tissue", "recognizable": True, "category": "Normal", "association": None}


@pytest.mark.parametrize(
    ("shown", "share", "wanted"),
    [
        ([MASS, MASS, OVAL, None], 0.3, SPICULATED),
        ([MASS] * 3 + [None] * 7, 0.3, SPICULATED),
        ([MASS] * 2 + [None] * 8, 0.3, BREAST),
        ([MASS] * 2 + [OVAL] * 2 + [FINE] * 2 + [None] * 4, 0.3, NOTHING),
        ([MASS] * 8 + [None] * 8 + [OVAL] * 30, 0.3, SPICULATED),
        ([MASS] * 5 + [None] * 5, 0.6, NOTHING),
        ([None] * 4, 0.3, BREAST),
        ([MASS, MASS | {"pathology": "benign"}], 0.3, SPICULATED),
        ([MASS, *[MASS | {"pathology": "benign_without_callback"}] * 2], 0.3, SPICULATED | {"association": "benign"}),
        ([MASS | {"pathology": "unproven"}], 0.3, SPICULATED | {"association": None}),
        ([OVAL, MASS], 0.3, SPICULATED),
    ],
)
def test_the_most_frequent_phrase_names_the_unit(run: Any, shown: list[Row | None], share: float, wanted: Row) -> None:
    assert suggested(run, shown, share) == wanted


def test_every_frequent_phrase_is_a_name(run: Any) -> None:
    suggested(run, [OVAL] * 2)
    run.fill("patch", [{"patch": patch, "scan": "S"} for patch in (10, 11, 12)])
    run.fill("top_patch", [{"unit": 5, "rank": patch, "patch": patch} for patch in (10, 11, 12)])
    run.fill("lesion", [{"lesion": "more", "scan": "S"} | MASS])
    run.fill("overlap", [{"patch": patch, "lesion": "more", "cover": 0.4, "within": 0.5} for patch in (10, 11, 12)])
    named = run.ask("suggestion", partitions=["test"], share=0.3, shown=16)
    assert [row["phenomenon"] for row in named] == ["irregular spiculated mass", "oval circumscribed mass"]


def test_a_grazed_normal_patch_shows_nothing(run: Any) -> None:
    assert suggested(run, [MASS, MASS, MASS], labels={0: "normal", 1: "normal", 2: "normal"}) == BREAST


def test_a_patch_shows_its_largest_lesion(run: Any) -> None:
    run.fill("lesion", [{"lesion": "large", "scan": "S"} | OVAL])
    run.fill("overlap", [{"patch": 0, "lesion": "large", "cover": 0.1, "within": 0.9}])
    assert suggested(run, [MASS])["phenomenon"] == "oval circumscribed mass"


def test_a_suggestion_fits_the_annotations(run: Any, sql: Any) -> None:
    suggested(run, [MASS])
    query = (sql / "annotate" / "suggestion.sql").read_text()
    run.connection.execute(
        f"insert into annotation by name ({query})", {"partitions": ["test"], "share": 0.3, "shown": 16}
    )
    (row,) = run.rows("from annotation")
    assert {name: row[name] for name in SPICULATED} == SPICULATED and row["annotator"] is None
