"""Answers as the statistics read them, and as a table for other programs."""

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from ..errors import DatasetError
from ..whole import replacing
from .pairs import Kind
from .plan import Mode


@dataclass(frozen=True)
class Answer:
    """One answered trial; the fields are the columns of the CSV file, in this order."""

    participant: int
    """A number that stands for a person."""
    number: int
    """The how manyth pair this person saw, from 1, practice and checks included."""
    kind: Kind
    picture: str
    """Name of the original, within its kind."""
    network: str
    """Who recolored it; empty but for tests."""
    fake_at: int
    """0 where the fake was first, or left; 1 where it was second, or right."""
    choice: int
    """Which one the person took for the fake."""
    milliseconds: int
    """From the moment an answer was possible."""
    answered_at: str
    """UTC."""
    mode: Mode
    seconds: float
    """How long each picture of a sequence was shown."""
    checks: int
    """Attention checks that this person was given, answered or not."""

    @property
    def correct(self) -> bool:
        """Whether the fake was found."""
        return self.choice == self.fake_at

    @property
    def fooled(self) -> bool:
        """Whether the recolored picture was taken for the real one."""
        return not self.correct


COLUMNS = (*(field.name for field in fields(Answer)), "correct", "excluded")
"""Of the CSV file. `excluded` is the reason why the person's answers do not count, or empty."""


def write_csv(answers: Iterable[Answer], reasons: dict[int, str], path: Path) -> None:
    """All answers, a row each; an earlier file is replaced.

    Args:
        answers: in the order of the rows.
        reasons: why people are left out, by participant.
        path: of the file.

    Raises:
        DatasetError: the file cannot be written.
    """
    try:
        with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for answer in answers:
                excluded = reasons.get(answer.participant, "")
                rows.writerow((*astuple(answer), int(answer.correct), excluded))
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be written ({error.strerror}); choose another"
        ) from error


def by_person(answers: Iterable[Answer]) -> dict[int, list[Answer]]:
    """Answers of each participant."""
    people: dict[int, list[Answer]] = {}
    for answer in answers:
        people.setdefault(answer.participant, []).append(answer)
    return people


def tests(answers: Iterable[Answer]) -> list[Answer]:
    """Those that count."""
    return [answer for answer in answers if answer.kind == "test"]
