"""pushes: the outbox in the place of notices, places of windows, occurrences of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LIFE = "72 hours"


def upgrade() -> None:
    _pushes()
    _schedule()
    _carry_over()
    op.drop_index("ix_notices_due_at", table_name="notices")
    op.drop_table("notices")


def downgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "notices",
        sa.Column("serial", serial, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_notices"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_due_at", "notices", ["due_at"], unique=False)
    # What was about to leave may have left; the older release would send it again.
    op.execute(
        "INSERT INTO notices (kind, phone, told, at, due_at, attempts)"
        " SELECT kind, phone, told, at, due_at, attempts FROM pushes"
        " WHERE state = 'waiting' AND phone IS NOT NULL AND told IS NOT NULL AND left_by IS NULL"
    )
    op.drop_table("occurrences")
    op.drop_table("push_places")
    op.drop_table("pushes")


def _pushes() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "pushes",
        sa.Column("serial", serial, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=True),
        sa.Column("topic", sa.String(length=64), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("told", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_by", sa.String(length=8), nullable=True),
        sa.PrimaryKeyConstraint("serial", name="pk_pushes"),
        sa.UniqueConstraint("kind", "openid", "topic", name="uq_pushes_kind_openid_topic"),
        sqlite_autoincrement=True,
    )
    unfinished = sa.text("told IS NOT NULL")
    op.create_index(
        "ix_pushes_due_at",
        "pushes",
        ["due_at"],
        unique=False,
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_index("ix_pushes_ended_at", "pushes", ["ended_at"], unique=False)


def _schedule() -> None:
    op.create_table(
        "push_places",
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("openid", name="pk_push_places"),
    )
    op.create_table(
        "occurrences",
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("job", "due_at", name="pk_occurrences"),
    )


def _carry_over() -> None:
    """Let notices that wait go on waiting, as long as they would have."""
    if op.get_bind().dialect.name == "postgresql":
        expires_at = f"at + INTERVAL '{_LIFE}'"
    else:
        # As the driver writes a moment; to the second by SQLite, the rest as it was.
        expires_at = f"datetime(substr(at, 1, 19), '+{_LIFE}') || substr(at, 20)"
    op.execute(
        "INSERT INTO pushes"  # noqa: S608 (the text holds no value of anybody's)
        " (kind, phone, told, state, reason, at, due_at, expires_at, attempts, strikes)"
        f" SELECT kind, phone, told, 'waiting', '', at, due_at, {expires_at}, attempts, 0"
        " FROM notices ORDER BY serial"
    )
