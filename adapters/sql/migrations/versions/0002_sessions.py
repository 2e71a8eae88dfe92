"""sessions: when accounts were last used, and what a one-time page knows."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("openid_links", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("pages", sa.Column("about", sa.LargeBinary(), nullable=True))
    op.execute("UPDATE accounts SET used_at = created_at")
    op.execute("UPDATE openid_links SET used_at = linked_at")


def downgrade() -> None:
    op.drop_column("pages", "about")
    op.drop_column("openid_links", "used_at")
    op.drop_column("accounts", "used_at")
