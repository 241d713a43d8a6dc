"""The survey's pages as HTML, made from what the desk knows; everything that people typed is escaped."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from deepminer_ray.annotation.answer import Answer
from deepminer_ray.annotation.vocabulary import CONFIDENCES, LETTERS, association_keys
from deepminer_ray.domain import Domain
from deepminer_ray.sources.density import DISPLAY_BLACK, DISPLAY_WHITE, UNITS_PER_DENSITY
from deepminer_ray.statistics.confidence import Interval
from deepminer_ray.survey.agreement import COMPARED_FIELDS, agreements, compared
from deepminer_ray.survey.desk import Desk
from deepminer_ray.survey.experts import ADJUDICATION
from deepminer_ray.survey.gallery import RULES
from deepminer_ray.survey.order import Question
from deepminer_ray.units.name import unit_name

BROWSER_DISPLAY = {"black": DISPLAY_BLACK, "white": DISPLAY_WHITE, "units": UNITS_PER_DENSITY}


@cache
def templates() -> Environment:
    """The templates, escaping by default."""
    made = Environment(
        loader=PackageLoader("deepminer_ray.survey"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"interval": _interval_text, "percents": _percents}
    made.policies["json.dumps_kwargs"] = {"sort_keys": False}  # categories have an order, and keys by it
    return made


def _interval_text(interval: Interval) -> str:
    if interval.low != interval.low:
        return ""
    return f" ({interval.low:.2f} to {interval.high:.2f})"


def _percents(interval: Interval) -> str:
    if interval.low != interval.low:
        return ""
    return f" ({100 * interval.low:.0f} to {100 * interval.high:.0f} %)"


def message(text: str, root: str = "/") -> str:
    """A page of one sentence."""
    return templates().get_template("message.html").render(message=text, root=root)


def units_page(desk: Desk, expert: str, home: str) -> str:
    """All questions of an expert, answered or open."""
    answered = desk.answered(expert)
    return (
        templates()
        .get_template("units.html")
        .render(
            **_common(desk, expert, home),
            here="units",
            answered=answered,
            names=[_name_unless_hidden(desk, question) for question in desk.asked(expert)],
            next=next((index for index, done in enumerate(answered) if not done), None),
        )
    )


def unit_page(desk: Desk, expert: str, place: int, home: str) -> str:
    """The page of one question."""
    given = desk.answer(expert, desk.asked(expert)[place])
    suggestions = suggestions_for(desk, expert, place) if given else None
    return (
        templates()
        .get_template("unit.html")
        .render(
            **_common(desk, expert, home),
            here="unit",
            heading=heading(desk, expert, place),
            data=unit_data(desk, expert, place, home),
            suggestions=suggestions,
        )
    )


def heading(desk: Desk, expert: str, place: int) -> str:
    """What a question is called: by its unit, unless units come again and must not be recognized."""
    questions = desk.asked(expert)
    name = _name_unless_hidden(desk, questions[place])
    return f"{name}, {place + 1} of {len(questions)}" if name else f"Question {place + 1} of {len(questions)}"


def _name_unless_hidden(desk: Desk, question: Question) -> str | None:
    return None if desk.settings.repeats else unit_name(question.unit)


def unit_data(desk: Desk, expert: str, place: int, home: str) -> dict[str, Any]:
    """What the script of a unit's page works with."""
    questions = desk.asked(expert)
    rows = desk.gallery.patches(questions[place].unit)
    numbers = {row["scan_number"] for row in rows}
    scans = desk.gallery.scans(numbers)
    others = {scan["other"] for scan in scans.values() if scan["other"] is not None} - numbers
    given = desk.answer(expert, questions[place])
    return {
        "survey": f"{desk.checkpoint} {expert}",
        "order": desk.order(expert),
        "place": place,
        "expert": expert,
        "patches": [_patch(desk, index, row) for index, row in enumerate(rows)],
        "views": any(scan["other"] is not None for scan in scans.values()),
        "films": {number: _scan_on_page(scan) for number, scan in (scans | desk.gallery.scans(others)).items()},
        "rules": RULES,
        "terms": desk.domain.terms,
        "letters": LETTERS,
        "associations": desk.domain.associations,
        "association_keys": association_keys(desk.domain.associations),
        "words": {
            "category": _capital(desk.domain.words.category),
            "association": _capital(desk.domain.words.association),
            "image": _capital(desk.domain.words.image),
            "finding": _capital(desk.domain.words.finding),
        },
        "confidences": CONFIDENCES,
        "display": BROWSER_DISPLAY if desk.domain.looked.channels == 1 else None,  # in colour there is no window
        "answer": (given.answer if given else Answer()).plain(),
        "version": given.saves if given else None,
        "save_at": f"{home}answer",
        "films_at": f"{home}film/",
        "pictures": f"{home}{place + 1}/",
        "query": f"?{desk.gallery.digest}",
        "next": f"{home}{place + 2}" if place + 1 < len(questions) else home,
        "back": f"{home}{place}" if place else home,
        "static": False,
    }


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _keys(domain: Domain) -> dict[str, Any]:
    """What the help says of the keys that depend on the domain."""
    longest = max(map(len, domain.terms.values()), default=0)
    pairs = zip(association_keys(domain.associations), domain.associations, strict=True)
    return {
        "categories": min(9, len(domain.terms)),
        "last_letter": LETTERS[min(longest, len(LETTERS)) - 1] if longest else "",
        "associations": [(key, word) for key, word in pairs if key],
        "words": domain.words,
    }


def _patch(desk: Desk, index: int, row: dict[str, Any]) -> dict[str, Any]:
    about = {"index": index, "activation": row["activation"], "rank": row["rank"], "maximum": row["maximum"]}
    label = row["class"] if desk.settings.labels else None
    return about | {"film": row["scan_number"], "box": row["box"], "label": label}


def _scan_on_page(scan: dict[str, Any]) -> dict[str, Any]:
    where = " ".join(filter(None, (scan["laterality"], scan["view"])))
    name = f"{where}, {scan['scan']}" if where else scan["scan"]
    return {"name": name, "other": scan["other"], "rings": scan["rings"]}


def suggestions_for(desk: Desk, expert: str, place: int) -> list[dict[str, Any]]:
    """What the run itself finds the unit to answer to."""
    return desk.gallery.suggestions(desk.asked(expert)[place].unit)


def saved(desk: Desk, expert: str, place: int, version: int) -> dict[str, Any]:
    """What a page is told after its answer was saved."""
    of = desk.covered(expert)
    covered = templates().get_template("_covered.html").render(covered=of, static=False)
    suggestions = templates().get_template("_suggestions.html").render(suggestions=suggestions_for(desk, expert, place))
    return {"version": version, "covered": covered, "suggestions": suggestions}


def summary_page(desk: Desk, expert: str, names: Sequence[str], home: str) -> str:
    """Progress, agreement and disagreements."""
    answers = _answers_by_annotator(desk)
    taking_part = [name for name in names if name in answers]
    return (
        templates()
        .get_template("summary.html")
        .render(
            **_common(desk, expert, home),
            here="summary",
            progress=[_progress(desk, name) for name in names],
            agreements=agreements({name: answers[name] for name in taking_part}) if len(taking_part) > 1 else [],
            truths=desk.gallery.truths(),
            disagreements=_disagreements(desk, expert, {name: answers[name] for name in taking_part}),
        )
    )


def _answers_by_annotator(desk: Desk) -> dict[str, dict[int, Answer]]:
    answers: dict[str, dict[int, Answer]] = {}
    for (annotator, (unit, repeat)), given in desk.given.items():
        if not repeat and given.answer.recognizable is not None:
            answers.setdefault(annotator, {})[unit] = given.answer
    return answers


def _progress(desk: Desk, name: str) -> dict[str, Any]:
    answers = _answers_by_annotator(desk).get(name, {})
    again = {
        unit: given.answer
        for (annotator, (unit, repeat)), given in desk.given.items()
        if annotator == name and repeat and unit in answers
    }
    alike = sum(
        all(compared(answers[unit], field) == compared(answer, field) for field in ("recognizable", "category"))
        for unit, answer in again.items()
    )
    return {
        "name": name,
        "answered": sum(desk.answered(name)),
        "questions": len(desk.asked(name)),
        "recognizable": sum(bool(answer.phenomena) for answer in answers.values()),
        "repeats": len(again),
        "alike": alike,
    }


def _disagreements(desk: Desk, expert: str, answers: dict[str, dict[int, Answer]]) -> list[dict[str, Any]]:
    """Units that this expert and another answered otherwise, side by side, so that nobody reads ahead."""
    disagreements = []
    questions = desk.asked(expert)
    for unit in (unit for unit in desk.units if unit in answers.get(expert, {})):
        of = {name: answers[name][unit] for name in answers if unit in answers[name]}
        said = {tuple(compared(answer, field) for field in COMPARED_FIELDS) for answer in of.values()}
        if len(said) < 2:
            continue
        decided = {
            annotator: given.answer
            for (annotator, question), given in desk.given.items()
            if question == Question(unit, False) and annotator.startswith(ADJUDICATION)
        }
        opinions = [{"annotator": name, "answer": answer, "adjudication": False} for name, answer in of.items()]
        opinions += [{"annotator": name, "answer": answer, "adjudication": True} for name, answer in decided.items()]
        place = questions.index(Question(unit, False))
        about = {
            "unit": unit,
            "name": _name_unless_hidden(desk, questions[place]) or f"Question {place + 1}",
            "place": place,
        }
        disagreements.append(about | {"answers": opinions, "adjudicated": bool(decided)})
    return disagreements


def _common(desk: Desk, expert: str, home: str) -> dict[str, Any]:
    return {
        "expert": expert,
        "home": home,
        "root": "/",
        "static": False,
        "settings": desk.settings,
        "keys": _keys(desk.domain),
        "covered": desk.covered(expert),
        "digest": desk.gallery.digest,
        "survey": {"survey": f"{desk.checkpoint} {expert}", "order": desk.order(expert), "save_at": f"{home}answer"},
    }


def static_page(desk: Desk, expert: str, units: Sequence[dict[str, Any]]) -> str:
    """All questions on one page that needs no server; `shown` has `data` and `heading` of each."""
    common = _common(desk, expert, "#") | {"root": "", "static": True}
    return templates().get_template("static.html").render(**common, here="units", pages=units)
