"""sheets: drafts of plans, what officers search by, and files that are made for them.

Phones and names are sealed: what they are found by is filled in for older rows by the program,
which has the key.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_WITHOUT_TAIL = sa.text("phone_tail IS NULL")
_WITHOUT_NAME = sa.text("name_index IS NULL")
_UNDER_WAY = sa.text("state IN ('waiting', 'running')")


def upgrade() -> None:
    op.add_column(
        "plans", sa.Column("draft", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("accounts", sa.Column("phone_tail", sa.String(length=32), nullable=True))
    op.create_index("ix_accounts_phone_tail", "accounts", ["phone_tail"], unique=False)
    _partial("ix_accounts_without_tail", "accounts", ["id"], _WITHOUT_TAIL)
    op.add_column("people", sa.Column("name_index", sa.String(length=32), nullable=True))
    op.create_index("ix_people_name_index", "people", ["name_index"], unique=False)
    _partial("ix_people_without_name", "people", ["id"], _WITHOUT_NAME)
    _exports()


def _exports() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("officer", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("plan_id", sa.String(length=64), nullable=True),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("masked", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows_written", sa.Integer(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
    )
    op.create_index("ix_exports_officer", "exports", ["officer"], unique=False)
    _partial("uq_exports_under_way", "exports", ["officer"], _UNDER_WAY, unique=True)
    op.create_table(
        "export_parts",
        sa.Column("export_id", sa.String(length=32), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["exports.id"], name="fk_export_parts_export_id"),
        sa.PrimaryKeyConstraint("export_id", "attempt", "number", name="pk_export_parts"),
    )


def _partial(
    name: str, table: str, columns: list[str], where: sa.TextClause, *, unique: bool = False
) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_table("export_parts")
    op.drop_table("exports")
    for name, table in (
        ("ix_people_without_name", "people"),
        ("ix_people_name_index", "people"),
        ("ix_accounts_without_tail", "accounts"),
        ("ix_accounts_phone_tail", "accounts"),
    ):
        op.drop_index(name, table_name=table)
    op.drop_column("people", "name_index")
    op.drop_column("accounts", "phone_tail")
    op.drop_column("plans", "draft")
