"""escalation: who owns a conversation, its queue, transcript and tickets."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_LIVE = sa.text("state <> 'ended'")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _handovers()
    _lines()
    _desk()
    _tickets()


def downgrade() -> None:
    with op.batch_alter_table("tickets") as tickets:
        tickets.drop_index("ix_tickets_state")
        for column in ("route", "officer", "answer", "answered_at", "closed_at"):
            tickets.drop_column(column)
    op.drop_table("canned_replies")
    op.drop_table("desk_presences")
    op.drop_table("handover_lines")
    op.drop_table("handovers")


def _handovers() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("desk", sa.String(length=12), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("asked_at", _AT, nullable=False),
        sa.Column("heard_at", _AT, nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.Column("stamped_at", _AT, nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("taken_at", _AT, nullable=True),
        sa.Column("seen_at", _AT, nullable=True),
        sa.Column("notified", sa.Integer(), nullable=False),
        sa.Column("notified_at", _AT, nullable=True),
        sa.Column("ended_at", _AT, nullable=True),
        sa.Column("ending", sa.String(length=12), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_handovers"),
        sqlite_autoincrement=True,
    )
    for name, column, unique in (
        ("uq_handovers_live", "openid", True),
        ("ix_handovers_queue", "asked_at", False),
    ):
        op.create_index(
            name,
            "handovers",
            [column],
            unique=unique,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        )
    for column in ("openid", "account_id", "stamped_at"):
        op.create_index(f"ix_handovers_{column}", "handovers", [column], unique=False)


def _lines() -> None:
    op.create_table(
        "handover_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=False),
        sa.Column("media_id", sa.String(length=160), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handovers.id"], name="fk_handover_lines_handover_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_handover_lines"),
        sa.UniqueConstraint("handover_id", "key", name="uq_handover_lines_handover_id_key"),
    )
    op.create_index(
        "ix_handover_lines_handover_id", "handover_lines", ["handover_id"], unique=False
    )


def _desk() -> None:
    op.create_table(
        "desk_presences",
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("seen_at", _AT, nullable=False),
        sa.Column("looking_at", sa.Integer(), nullable=True),
        sa.Column("typing_until", _AT, nullable=True),
        sa.PrimaryKeyConstraint("agent", name="pk_desk_presences"),
    )
    op.create_table(
        "canned_replies",
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_canned_replies"),
        sa.UniqueConstraint("key", "version", name="uq_canned_replies_key_version"),
    )


def _tickets() -> None:
    op.add_column("tickets", sa.Column("route", sa.String(length=16), nullable=True))
    op.add_column("tickets", sa.Column("officer", sa.String(length=64), nullable=True))
    op.add_column("tickets", sa.Column("answer", sa.LargeBinary(), nullable=True))
    op.add_column("tickets", sa.Column("answered_at", _AT, nullable=True))
    op.add_column("tickets", sa.Column("closed_at", _AT, nullable=True))
    op.create_index("ix_tickets_state", "tickets", ["state"], unique=False)
