"""content: versions of what is worded, and questions nobody answered."""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)

_FAQS_BECOME_DOCUMENTS = """
    INSERT INTO documents (
        kind, version, title, text, text_hash, published_at, aliases, position
    )
    SELECT 'faq-' || id, 1, question, answer, :hash, updated_at, aliases, position
    FROM faqs WHERE id = :id
"""


def upgrade() -> None:
    with op.batch_alter_table("documents") as documents:
        documents.add_column(
            sa.Column(
                "published_by", sa.String(length=80), server_default=sa.text("''"), nullable=False
            )
        )
        documents.add_column(sa.Column("aliases", sa.JSON(), nullable=True))
        documents.add_column(sa.Column("position", sa.Integer(), nullable=True))
        documents.add_column(
            sa.Column("restored", sa.Integer(), server_default="0", nullable=False)
        )
        documents.add_column(
            sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    _manuscripts()
    _questions()
    _take_over_faqs()


def downgrade() -> None:
    op.execute("DELETE FROM documents WHERE kind LIKE 'faq-%'")
    for table in ("answer_votes", "unanswered", "synonyms", "manuscripts"):
        op.drop_table(table)
    with op.batch_alter_table("documents") as documents:
        for column in ("withdrawn", "restored", "position", "aliases", "published_by"):
            documents.drop_column(column)


def _take_over_faqs() -> None:
    """Keep each question as the first edition of a text; the release before reads the old table."""
    connection = op.get_bind()
    for faq in connection.execute(sa.text("SELECT id, answer FROM faqs")).all():
        text_hash = sha256(faq.answer.encode()).hexdigest()
        connection.execute(sa.text(_FAQS_BECOME_DOCUMENTS), {"id": faq.id, "hash": text_hash})


def _manuscripts() -> None:
    op.create_table(
        "manuscripts",
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("edited_by", sa.String(length=80), nullable=False),
        sa.Column("edited_at", _MOMENT, nullable=False),
        sa.Column("publish_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("kind", name="pk_manuscripts"),
    )
    op.create_index("ix_manuscripts_publish_at", "manuscripts", ["publish_at"])


def _questions() -> None:
    op.create_table(
        "synonyms",
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("means", sa.String(length=40), nullable=False),
        sa.Column("added_by", sa.String(length=80), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("word", name="pk_synonyms"),
    )
    op.create_table(
        "unanswered",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", _MOMENT, nullable=False),
        sa.Column("last_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unanswered"),
    )
    op.create_index("ix_unanswered_times", "unanswered", ["times"])
    op.create_index("ix_unanswered_last_at", "unanswered", ["last_at"])
    op.create_table(
        "answer_votes",
        sa.Column("voter", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("voter", "kind", "version", name="pk_answer_votes"),
    )
