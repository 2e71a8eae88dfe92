"""escalation: the pictures that citizens send to a person, sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handover_pictures",
        sa.Column(
            "line_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handovers.id"], name="fk_handover_pictures_handover_id"
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["handover_lines.id"], name="fk_handover_pictures_line_id"
        ),
        sa.PrimaryKeyConstraint("line_id", name="pk_handover_pictures"),
    )
    op.create_index("ix_handover_pictures_handover_id", "handover_pictures", ["handover_id"])


def downgrade() -> None:
    op.drop_index("ix_handover_pictures_handover_id", table_name="handover_pictures")
    op.drop_table("handover_pictures")
