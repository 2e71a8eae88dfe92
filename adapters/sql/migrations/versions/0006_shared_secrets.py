"""shared secrets: codes and the counters that guard them, for many processes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "secret_hits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("member", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_secret_hits"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_secret_hits_key_at", "secret_hits", ["key", "at"], unique=False)
    op.create_index("ix_secret_hits_expires_at", "secret_hits", ["expires_at"], unique=False)
    op.create_table(
        "secrets",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_secrets"),
    )
    op.create_index("ix_secrets_expires_at", "secrets", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("secrets")
    op.drop_table("secret_hits")
