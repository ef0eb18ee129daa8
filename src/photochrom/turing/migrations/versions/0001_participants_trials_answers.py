"""People, what they are shown, what they answered."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("consented_at", sa.String(32), nullable=False),
        sa.Column("pairs_sha256", sa.String(64), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_participant"),
        sa.UniqueConstraint("token_sha256", name="uq_participant_token_sha256"),
    )
    op.create_table(
        "trial",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("participant_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("picture", sa.String(16), nullable=False),
        sa.Column("network", sa.String(100)),
        sa.Column("fake_at", sa.Integer, nullable=False),
        sa.Column("first_id", sa.String(32), nullable=False),
        sa.Column("second_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trial"),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name="fk_trial_participant_id"
        ),
        sa.UniqueConstraint("participant_id", "number", name="uq_trial_participant_id_number"),
        sa.UniqueConstraint("first_id", name="uq_trial_first_id"),
        sa.UniqueConstraint("second_id", name="uq_trial_second_id"),
        sa.CheckConstraint("fake_at IN (0, 1)", name=op.f("ck_trial_fake_at")),
        sa.CheckConstraint("kind IN ('practice', 'check', 'test')", name=op.f("ck_trial_kind")),
    )
    op.create_table(
        "answer",
        sa.Column("trial_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("choice", sa.Integer, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("answered_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", name="pk_answer"),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name="fk_answer_trial_id"),
        sa.CheckConstraint("choice IN (0, 1)", name=op.f("ck_answer_choice")),
        sa.CheckConstraint("milliseconds >= 0", name=op.f("ck_answer_milliseconds")),
    )
