"""recovery: getting an account back, holding it for a day, and telling the old phone."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    _notices()
    _recoveries()


def downgrade() -> None:
    op.drop_table("recoveries")
    op.drop_table("notices")
    op.drop_column("accounts", "held_until")


def _notices() -> None:
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


def _recoveries() -> None:
    op.create_table(
        "recoveries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("faced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt_index", sa.String(length=64), nullable=True),
        sa.Column("old_phone_index", sa.String(length=64), nullable=True),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_recoveries_person_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_recoveries_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recoveries"),
    )
    for column in ("person_id", "account_id", "opened_at", "receipt_index", "old_phone_index"):
        op.create_index(f"ix_recoveries_{column}", "recoveries", [column], unique=False)
