"""profiles: what citizens tell about themselves, and consents that were withdrawn."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "profiles",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_profiles_account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_profiles"),
    )
    op.add_column("consents", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("consents", "withdrawn_at")
    op.drop_table("profiles")
