"""papers: the check code of a registration. Older registrations stay without one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("registrations") as registrations:
        registrations.add_column(sa.Column("check_code", sa.LargeBinary()))
        registrations.add_column(sa.Column("check_index", sa.String(64)))
        registrations.create_unique_constraint(
            op.f("uq_registrations_check_index"), ["check_index"]
        )


def downgrade() -> None:
    with op.batch_alter_table("registrations") as registrations:
        registrations.drop_constraint(op.f("uq_registrations_check_index"), type_="unique")
        registrations.drop_column("check_index")
        registrations.drop_column("check_code")
