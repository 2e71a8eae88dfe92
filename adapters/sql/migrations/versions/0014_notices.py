"""notices: what a citizen wishes to be told, and plans watched."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_OPEN = sa.text("told IS NOT NULL")


def _index(name: str, *columns: str, unique: bool = False, where: sa.TextClause) -> None:
    op.create_index(
        name,
        "pushes",
        [*columns],
        unique=unique,
        sqlite_where=where,
        postgresql_where=where,
    )


def upgrade() -> None:
    op.add_column("pushes", sa.Column("account_id", sa.String(length=32), nullable=True))
    op.add_column("pushes", sa.Column("receipt", sa.String(length=64), nullable=True))
    _index(
        "uq_pushes_of_account",
        "kind",
        "account_id",
        "topic",
        unique=True,
        where=sa.text("account_id IS NOT NULL"),
    )
    _index("ix_pushes_open_openid", "openid", where=_OPEN)
    _index("ix_pushes_open_account", "account_id", where=_OPEN)
    _index("ix_pushes_receipt", "receipt", where=sa.text("receipt IS NOT NULL"))
    op.create_table(
        "notice_choices",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.String(length=16), nullable=False),
        sa.Column("wechat", sa.Boolean(), nullable=False),
        sa.Column("sms", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "topic", name="pk_notice_choices"),
    )
    op.create_table(
        "agreed_cards",
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("openid", "template", name="pk_agreed_cards"),
    )
    op.create_table(
        "daily_limits",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "day", name="pk_daily_limits"),
    )
    op.create_table(
        "watched_drafts",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("plan_id", sa.String(length=64), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("draft_id", sa.String(length=64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "plan_id", name="pk_watched_drafts"),
    )
    op.create_index("ix_watched_drafts_closes_at", "watched_drafts", ["closes_at"])


def downgrade() -> None:
    for table in ("watched_drafts", "daily_limits", "agreed_cards", "notice_choices"):
        op.drop_table(table)
    for name in (
        "ix_pushes_receipt",
        "ix_pushes_open_account",
        "ix_pushes_open_openid",
        "uq_pushes_of_account",
    ):
        op.drop_index(name, table_name="pushes")
    op.drop_column("pushes", "receipt")
    op.drop_column("pushes", "account_id")
