"""The tables of the answers as they are now; `migrations` brings any earlier ones here.

Times are texts, ISO 8601 in UTC, and so the same in SQLite and PostgreSQL.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

PARTICIPANT = Table(
    "participant",
    METADATA,
    Column("id", Integer, primary_key=True),
    # Of the cookie: whoever reads the database cannot go on in somebody's place.
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("consented_at", String(32), nullable=False),
    Column("pairs_sha256", String(64), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("seconds", Float, nullable=False),
)
"""A person, of whom nothing is known but the time of consent and how pictures are shown."""

TRIAL = Table(
    "trial",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("participant_id", Integer, ForeignKey("participant.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("picture", String(16), nullable=False),
    Column("network", String(100)),
    Column("fake_at", Integer, nullable=False),
    Column("first_id", String(32), nullable=False, unique=True),
    Column("second_id", String(32), nullable=False, unique=True),
    UniqueConstraint("participant_id", "number"),
    CheckConstraint("fake_at IN (0, 1)", name="fake_at"),
    CheckConstraint("kind IN ('practice', 'check', 'test')", name="kind"),
)
"""What a person will be shown, decided at the time of consent."""

ANSWER = Table(
    "answer",
    METADATA,
    # The primary key is the trial: it cannot be answered twice.
    Column("trial_id", Integer, ForeignKey("trial.id"), primary_key=True, autoincrement=False),
    Column("choice", Integer, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("answered_at", String(32), nullable=False),
    CheckConstraint("choice IN (0, 1)", name="choice"),
    CheckConstraint("milliseconds >= 0", name="milliseconds"),
)
"""Which picture, 0 or 1, a person took for the fake, and how long it took."""
