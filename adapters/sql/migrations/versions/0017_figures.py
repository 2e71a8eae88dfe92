"""figures: what happened at each question of each flow, and words that were not understood."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "passages",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "flow", "step", "event", name="pk_passages"),
    )
    op.create_table(
        "misheard",
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("words", sa.String(length=80), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("flow", "step", "words", name="pk_misheard"),
    )
    op.create_index("ix_misheard_flow_times", "misheard", ["flow", "times"])
    op.create_index("ix_misheard_last_at", "misheard", ["last_at"])


def downgrade() -> None:
    op.drop_index("ix_misheard_last_at", table_name="misheard")
    op.drop_index("ix_misheard_flow_times", table_name="misheard")
    op.drop_table("misheard")
    op.drop_table("passages")
