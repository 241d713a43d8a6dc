"""What a survey knows while it runs: questions, answers, what they explain. It knows no browser."""

import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter

from deepminer_ray.annotation.answer import Answer, answer_of, read_answer, rows_of
from deepminer_ray.annotation.journal import Journal
from deepminer_ray.annotation.sent import Save
from deepminer_ray.database.lock import held
from deepminer_ray.database.run import Run
from deepminer_ray.errors import BadInput
from deepminer_ray.survey.experts import ADJUDICATION
from deepminer_ray.survey.gallery import Gallery
from deepminer_ray.survey.order import Coverage, Covered, Question, order_digest, questions, units_by_gain


@dataclass(frozen=True, slots=True)
class Settings:
    """How a survey is held: units asked about twice, in random order, with the patches' classes in sight."""

    repeats: int = 0
    shuffle: bool = False
    labels: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """An expert's latest answer to a question, and how often this question was answered: no sign of a repeat."""

    answer: Answer
    saves: int
    saved_at: datetime


class Desk:
    """One run's survey; `save` returns when the answer is on disk. Only one desk of a run is open at a time."""

    def __init__(self, run: Run, settings: Settings):
        self.run, self.settings, self.domain = run, settings, run.domain
        ranked = [row for row in run.rows("status") if row["stage"] == "rank"]
        if not ranked:
            raise BadInput(f"A survey needs `rank` first: run `deepminer rank {run.folder}`.")
        partitions: list[str] = json.loads(ranked[0]["parameters"])["partitions"]
        self.gallery = Gallery(run, partitions)
        self.held = held(run)
        run.fold()
        places = run.rows("survey_place", partitions=partitions)
        self.units = units_by_gain(places)
        self.coverage = Coverage(places)
        self.checkpoint = self.gallery.checkpoint
        self.journal = Journal(run.journal)
        self.saving = threading.Lock()
        self.given: dict[tuple[str, Question], Given] = {}
        self.versions: dict[tuple[str, int], int] = {}
        self._asked: dict[str, list[Question]] = {}
        rows = run.rows("survey_answer")
        for (unit, annotator, repeat), group in groupby(rows, itemgetter("unit", "annotator", "repeat")):
            of = list(group)
            given = Given(answer_of(of, self.domain), of[0]["saves"], of[0]["saved_at"])
            self.given[annotator, Question(unit, bool(repeat))] = given
            self.versions[annotator, unit] = of[0]["last_version"]

    def asked(self, expert: str) -> list[Question]:
        """The expert's questions in order."""
        if expert not in self._asked:
            seed = f"{self.checkpoint} {expert}"
            self._asked[expert] = questions(self.units, seed, self.settings.repeats, self.settings.shuffle)
        return self._asked[expert]

    def order(self, expert: str) -> str:
        """What a page of this expert's order is known by."""
        return order_digest(self.asked(expert), self.checkpoint)

    def answer(self, expert: str, question: Question) -> Given | None:
        """The latest answer to a question, None before the first."""
        return self.given.get((expert, question))

    def answered(self, expert: str) -> list[bool]:
        """For each question whether it has an answer."""
        answers = [self.given.get((expert, question)) for question in self.asked(expert)]
        return [one is not None and one.answer.recognizable is not None for one in answers]

    def covered(self, expert: str) -> list[Covered]:
        """What the units that this expert named explain."""
        own = {question: one.answer for (by, question), one in self.given.items() if by == expert}
        return self.coverage.of({unit for (unit, repeat), answer in own.items() if answer.phenomena and not repeat})

    def save(self, expert: str, sent: Save) -> Given:
        """Save what a page sent about the question at a place; BadInput where it is not an answer to it."""
        order = self.asked(expert)
        if sent.order != self.order(expert):
            raise BadInput(
                "This page is of another state of the run: load it again. Your answer stays in this browser."
            )
        if sent.place >= len(order):
            raise BadInput(f"There is no question {sent.place + 1}.")
        return self._append(expert, order[sent.place], read_answer(sent.answer, self.domain))

    def adjudicate(self, by: str, unit: int, annotator: str) -> Given:
        """Make an expert's answer the one that counts; the originals stay."""
        original = self.given.get((annotator, Question(unit, False)))
        if original is None:
            raise BadInput("There is no such answer.")
        return self._append(ADJUDICATION + by, Question(unit, False), original.answer)

    def _append(self, annotator: str, question: Question, answer: Answer) -> Given:
        with self.saving:
            before = self.given.get((annotator, question))
            if before is not None and before.answer == answer:
                return before
            version = self.versions.get((annotator, question.unit), 0) + 1
            given = Given(answer, before.saves + 1 if before else 1, datetime.now(UTC).replace(tzinfo=None))
            about = (question.unit, annotator, version, question.repeat, self.checkpoint, given.saved_at)
            self.journal.append(rows_of(answer, *about))
            self.versions[annotator, question.unit] = version
            self.given[annotator, question] = given
        return given

    def close(self) -> None:
        """Fold the answers into the run."""
        self.journal.close()
        try:
            self.run.fold()
        finally:
            self.held.close()
