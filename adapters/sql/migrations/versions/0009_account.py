"""account: which account a page was given to, a word was left by, a face check was agreed to by."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OF_THE_RECOVERY = """
UPDATE consents SET actor = (
    SELECT COALESCE(recoveries.account_id, recoveries.id) FROM recoveries
    WHERE recoveries.openid = consents.actor AND recoveries.faced_at = consents.at
)
WHERE document = 'consent-face' AND EXISTS (
    SELECT 1 FROM recoveries
    WHERE recoveries.openid = consents.actor AND recoveries.faced_at = consents.at
)
"""
"""Consents to face checks hung on the openid, where their person did not find them."""


def upgrade() -> None:
    for table in ("pages", "tickets"):
        op.add_column(table, sa.Column("account_id", sa.String(length=32), nullable=True))
        op.create_index(f"ix_{table}_account_id", table, ["account_id"], unique=False)
    op.execute(_OF_THE_RECOVERY)


def downgrade() -> None:
    for table in ("tickets", "pages"):
        op.drop_index(f"ix_{table}_account_id", table_name=table)
        op.drop_column(table, "account_id")
