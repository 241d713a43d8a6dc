"""Who phantom patients are: balanced by pathology, and the same however many there are."""

from collections import Counter

import pytest

from deepminer_ray.phantom.plan import CASE_FOLDERS, FLIPPED, SECOND, SITES, planned_patient

PATIENTS = [planned_patient(number, 0) for number in range(120)]


def test_a_third_of_the_patients_is_of_each_category() -> None:
    assert Counter(patient.category for patient in PATIENTS) == dict.fromkeys(CASE_FOLDERS, 40)


@pytest.mark.parametrize("of", ["letter", "digitizer", "density", "laterality"])
def test_what_must_not_tell_the_category_is_spread_evenly_over_it(of: str) -> None:
    table = {
        category: Counter(getattr(patient, of) for patient in PATIENTS if patient.category == category)
        for category in CASE_FOLDERS
    }
    assert table["normals"] == table["benigns"] == table["cancers"]
    assert min(table["normals"].values()) >= 5


def test_sites_and_densities_are_dealt_like_cards() -> None:
    """Every run of five threes of patients has each site once."""
    normals = PATIENTS[::3]
    for start in range(0, 40, len(SITES)):
        round_of_sites = {(patient.letter, patient.digitizer) for patient in normals[start : start + len(SITES)]}
        assert round_of_sites == {(site.letter, site.digitizer) for site in SITES}
    assert Counter(patient.density for patient in normals) == {1: 5, 2: 15, 3: 15, 4: 5}


def test_the_letter_agrees_with_the_digitizer() -> None:
    letters = {"DBA": {"A"}, "HOWTEK_MGH": {"A"}, "LUMISYS": {"B", "C"}, "HOWTEK_ISMD": {"D"}}
    for digitizer, expected in letters.items():
        assert {patient.letter for patient in PATIENTS if patient.digitizer == digitizer} == expected


def test_no_two_patients_share_a_letter_and_a_number() -> None:
    many = [planned_patient(number, 1) for number in range(1000)]
    assert len({(patient.letter, patient.case) for patient in many}) == len(many)


def test_findings_fit_the_category() -> None:
    pathologies = {
        category: [[kind.pathology for kind in p.kinds] for p in PATIENTS if p.category == category]
        for category in CASE_FOLDERS
    }
    assert all(found == [] for found in pathologies["normals"])
    assert all(set(found) == {"benign"} for found in pathologies["benigns"])
    assert all(found[0] == "malignant" for found in pathologies["cancers"])
    assert any("benign" in found for found in pathologies["cancers"])
    several = sum(len(found) > 1 for found in pathologies["benigns"]) / len(pathologies["benigns"])
    assert abs(several - SECOND) < 0.25


def test_every_kind_of_finding_is_planted() -> None:
    malignant = Counter(p.kinds[0].name for p in PATIENTS if p.category == "cancers")
    benign = Counter(p.kinds[0].name for p in PATIENTS if p.category == "benigns")
    assert list(malignant.values()) == [10] * 4
    assert len(benign) == 6
    assert max(benign.values()) - min(benign.values()) <= 1


def test_some_patients_lie_the_other_way_round() -> None:
    share = sum(patient.flipped for patient in PATIENTS) / len(PATIENTS)
    assert 0.5 * FLIPPED < share < 1.5 * FLIPPED


def test_seeds_give_other_patients() -> None:
    assert [planned_patient(number, 0) for number in range(12)] == PATIENTS[:12]
    assert [planned_patient(number, 1) for number in range(12)] != PATIENTS[:12]
