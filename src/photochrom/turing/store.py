"""People, what they are shown and what they answered, kept in a database.

What is acknowledged is on the disk, once: a trial's answer is stored in one transaction, under the
trial's own key, and a repeated one changes nothing.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from .answers import Answer
from .database import open_database, writing
from .pairs import Kind
from .plan import Mode, Plan
from .schedule import Given, Showing
from .tables import ANSWER, PARTICIPANT, TRIAL

_UNANSWERED = (
    select(TRIAL)
    .outerjoin(ANSWER, ANSWER.c.trial_id == TRIAL.c.id)
    .where(ANSWER.c.trial_id.is_(None))
    .order_by(TRIAL.c.number)
    .limit(1)
)

_CHECKS = TRIAL.alias("checks")
_ANSWERED = (
    select(
        TRIAL.c.participant_id.label("participant"),
        *(TRIAL.c[name] for name in ("number", "kind", "picture", "network", "fake_at")),
        *(ANSWER.c[name] for name in ("choice", "milliseconds", "answered_at")),
        PARTICIPANT.c.mode,
        PARTICIPANT.c.seconds,
        select(func.count())
        .where(_CHECKS.c.participant_id == PARTICIPANT.c.id, _CHECKS.c.kind == "check")
        .scalar_subquery()
        .label("checks"),
    )
    .select_from(ANSWER.join(TRIAL).join(PARTICIPANT))
    .order_by(TRIAL.c.participant_id, TRIAL.c.number)
)


@dataclass(frozen=True)
class Participant:
    """A person who has consented."""

    id: int
    mode: Mode
    seconds: float
    of: int
    """Pairs that this person is shown, of all kinds."""


@dataclass(frozen=True)
class Due:
    """The pair to be shown next."""

    number: int
    """From 1."""
    kind: Kind
    picture_ids: tuple[str, str]
    """Of the first or left picture, and the second or right one."""


@dataclass(frozen=True)
class Kept:
    """An answer in the database."""

    correct: bool
    kind: Kind
    done: bool
    """Whether it was this person's last."""


class Store:
    """Safe to use from several threads, and over PostgreSQL from several servers."""

    def __init__(self, url: str) -> None:
        """Open a database, which is made or brought up to date; see `open_database`."""
        self._engine = open_database(url)
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        self._insert_answer = dialect.insert(ANSWER).on_conflict_do_nothing()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def enrol(self, plan: Plan, pairs: str, draw: Callable[[Given], list[Showing]]) -> str:
        """Note a person's consent with all that the person will be shown.

        Args:
            plan: how pictures are shown.
            pairs: identity of the folder of pairs.
            draw: makes a schedule from what was given to people before.

        Returns:
            The token by which the person is known from now on.
        """
        token = secrets.token_urlsafe(32)
        with writing(self._engine) as connection:
            showings = draw(_given(connection))
            person = connection.execute(
                insert(PARTICIPANT)
                .values(
                    token_sha256=_hashed(token),
                    consented_at=_now(),
                    pairs_sha256=pairs,
                    mode=plan.mode,
                    seconds=plan.seconds,
                )
                .returning(PARTICIPANT.c.id)
            ).scalar_one()
            rows = [
                asdict(showing)
                | {"participant_id": person, "number": number}
                | {"first_id": secrets.token_urlsafe(16), "second_id": secrets.token_urlsafe(16)}
                for number, showing in enumerate(showings, start=1)
            ]
            connection.execute(insert(TRIAL), rows)
        return token

    def participant(self, token: str) -> Participant | None:
        """The person of a token, if there is one."""
        of = select(func.count()).where(TRIAL.c.participant_id == PARTICIPANT.c.id)
        columns = (PARTICIPANT.c.id, PARTICIPANT.c.mode, PARTICIPANT.c.seconds)
        asked = select(*columns, of.scalar_subquery().label("of")).where(
            PARTICIPANT.c.token_sha256 == _hashed(token)
        )
        with self._engine.connect() as connection:
            row = connection.execute(asked).one_or_none()
        return Participant(**row._mapping) if row else None

    def due(self, person: Participant) -> Due | None:
        """The pair this person sees next; None when all are answered."""
        with self._engine.connect() as connection:
            row = _due(connection, person.id)
        return Due(row.number, row.kind, (row.first_id, row.second_id)) if row else None

    def showing(self, person: Participant, picture_id: str) -> tuple[Showing, bool] | None:
        """What a picture's id stands for, and whether it is the fake.

        None for ids of other people, of pairs that are not due yet, and for no ids at all.
        """
        asked = (
            select(TRIAL, ANSWER.c.choice)
            .outerjoin(ANSWER)
            .where(
                TRIAL.c.participant_id == person.id,
                or_(TRIAL.c.first_id == picture_id, TRIAL.c.second_id == picture_id),
            )
        )
        with self._engine.connect() as connection:
            row = connection.execute(asked).one_or_none()
            if row is None:
                return None
            if row.choice is None:
                due = _due(connection, person.id)
                if due is None or due.id != row.id:
                    return None
        showing = Showing(row.kind, row.picture, row.network, row.fake_at)
        return showing, (row.first_id, row.second_id)[row.fake_at] == picture_id

    def answer(
        self, person: Participant, number: int, choice: int, milliseconds: int
    ) -> Kept | None:
        """Keep an answer; where there is one already, that one stays.

        Returns:
            The answer kept, or None: the pair of that number is not due yet, or there is none.
        """
        with writing(self._engine) as connection:
            asked = select(TRIAL).where(
                TRIAL.c.participant_id == person.id, TRIAL.c.number == number
            )
            trial = connection.execute(asked).one_or_none()
            due = _due(connection, person.id)
            if trial is None or (due is not None and number > due.number):
                return None
            connection.execute(
                self._insert_answer.values(
                    trial_id=trial.id,
                    choice=choice,
                    milliseconds=milliseconds,
                    answered_at=_now(),
                )
            )
            kept = connection.scalar(select(ANSWER.c.choice).where(ANSWER.c.trial_id == trial.id))
            done = _due(connection, person.id) is None
        return Kept(kept == trial.fake_at, trial.kind, done)

    def pairs(self) -> set[str]:
        """Identities of the folders of pairs that people were shown."""
        with self._engine.connect() as connection:
            return set(connection.scalars(select(PARTICIPANT.c.pairs_sha256).distinct()))

    def answers(self) -> list[Answer]:
        """Everything answered, by person and number."""
        with self._engine.connect() as connection:
            return [
                Answer(**{**row._mapping, "network": row.network or ""})
                for row in connection.execute(_ANSWERED)
            ]


def _due(connection: Connection, person: int) -> Row[tuple[object, ...]] | None:
    return connection.execute(_UNANSWERED.where(TRIAL.c.participant_id == person)).one_or_none()


def _given(connection: Connection) -> Given:
    """How often each picture of each network was given to anybody."""
    counted = (
        select(TRIAL.c.picture, TRIAL.c.network, func.count())
        .where(TRIAL.c.kind == "test")
        .group_by(TRIAL.c.picture, TRIAL.c.network)
    )
    return {(picture, network): count for picture, network, count in connection.execute(counted)}


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
