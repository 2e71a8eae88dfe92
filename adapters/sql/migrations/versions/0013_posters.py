"""posters: posters, their scenes, and what was scanned."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "posters",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("scene", sa.String(length=64), nullable=False),
        sa.Column("target_kind", sa.String(length=16), nullable=False),
        sa.Column("target_id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("caption", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column("ticket", sa.String(length=300), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_posters"),
        sa.UniqueConstraint("scene", name="uq_posters_scene"),
    )
    op.create_table(
        "scans",
        sa.Column("delivery", sa.String(length=64), nullable=False),
        sa.Column("poster_id", sa.String(length=64), nullable=False),
        sa.Column("openid_index", sa.String(length=64), nullable=True),
        sa.Column("followed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("delivery", name="pk_scans"),
    )
    op.create_index("ix_scans_openid", "scans", ["openid_index", "at"], unique=False)
    op.create_index("ix_scans_day", "scans", ["poster_id", "day"], unique=False)
    op.create_index("ix_scans_at", "scans", ["at"], unique=False)
    op.create_table(
        "scan_credits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("poster_id", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scan_credits"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scan_credits_day", "scan_credits", ["poster_id", "day"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_scan_credits_day", table_name="scan_credits")
    op.drop_table("scan_credits")
    for name in ("ix_scans_at", "ix_scans_day", "ix_scans_openid"):
        op.drop_index(name, table_name="scans")
    op.drop_table("scans")
    op.drop_table("posters")
