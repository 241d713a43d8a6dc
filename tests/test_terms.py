"""The words of radiologists: every term once in the table, in the order in which experts choose."""

from deepminer_ray.terms import ATTRIBUTES, DESCRIBED, IN_A_NAME, LEXICON, TERMS, term_rows


def test_rows_hold_what_experts_choose_from_in_their_order() -> None:
    rows = term_rows()
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    chosen = [(row["category"], row["term"]) for row in rows if row["attribute"] != "lesion type"]
    assert chosen == [(category, term) for category, terms in TERMS.items() for term in terms]
    assert len(set(chosen)) == len(chosen), "no term twice in a category"
    assert {row["category"] for row in rows} == {category for category, of in LEXICON.items() if of}


def test_attributes_have_one_place_in_names_and_one_field_in_reports() -> None:
    assert set(IN_A_NAME) == set(ATTRIBUTES) and len({one.field for one in ATTRIBUTES}) == len(ATTRIBUTES)
    assert {one for said in DESCRIBED.values() for one in said} < set(ATTRIBUTES)
    place = {row["attribute"]: row["place"] for row in term_rows() if row["place"] is not None}
    assert sorted(place, key=lambda name: place[name]) == [one.name for one in IN_A_NAME]
    assert [one.column for one in ATTRIBUTES][3] == "calcification_type"
