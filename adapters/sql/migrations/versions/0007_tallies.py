"""tallies: how many live registrations each unit has, without counting them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COUNT = """
INSERT INTO tallies (unit_id, shard, live)
SELECT unit_id, 0, count(*) FROM registrations WHERE state = 'registered' GROUP BY unit_id
"""


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("unit_id", sa.String(length=64), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_tallies_unit_id"),
        sa.PrimaryKeyConstraint("unit_id", "shard", name="pk_tallies"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index("ix_registrations_account_id", "registrations", ["account_id"], unique=False)
    op.execute(_COUNT)


def downgrade() -> None:
    op.drop_index("ix_registrations_account_id", table_name="registrations")
    op.drop_table("tallies")
