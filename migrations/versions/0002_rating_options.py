"""options and texts of a study, consent texts, confidence, times of viewing, events

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
ADDITIVE = False  # ratings.received_at must be given

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _upgrade_studies()
    op.create_table(
        "consent_texts",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_consent_texts"),
    )
    op.add_column("raters", sa.Column("first_choice", sa.String(4), nullable=False, server_default="real"))
    op.add_column("raters", sa.Column("form", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("ratings", sa.Column("confidence", sa.Integer(), nullable=True))
    op.add_column("ratings", sa.Column("hidden_ms", sa.Double(), nullable=True))
    op.add_column("ratings", sa.Column("received_at", TIME, nullable=True))
    op.execute("UPDATE ratings SET received_at = answered_at")
    with op.batch_alter_table("ratings") as ratings:
        ratings.alter_column("received_at", existing_type=TIME, nullable=False)
        ratings.alter_column("answer", existing_type=sa.String(4), nullable=True)
    op.create_table(
        "viewings",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("presentation_id", BIG_KEY, nullable=False),
        sa.Column("submission", sa.String(length=36), nullable=False),
        sa.Column("visible_ms", sa.Double(), nullable=False),
        sa.Column("hidden_ms", sa.Double(), nullable=False),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["presentation_id"], ["presentations.id"], name="fk_viewings_presentation_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_viewings"),
        sa.UniqueConstraint("presentation_id", "submission", name="uq_viewings_presentation_id_submission"),
    )
    op.create_table(
        "events",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("rater_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("by_admin", sa.String(length=254), nullable=False, server_default=""),
        sa.Column("details", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name="fk_events_study_id", ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["rater_id"], ["raters.id"], name="fk_events_rater_id", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_study_id", "events", ["study_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_events_study_id", table_name="events")
    op.drop_table("events")
    op.drop_table("viewings")
    # Schema 0001 knows no withdrawn answer: it ends with the one before.
    op.execute("DELETE FROM ratings WHERE answer IS NULL")
    with op.batch_alter_table("ratings") as ratings:
        ratings.alter_column("answer", existing_type=sa.String(4), nullable=False)
    for column in ("received_at", "hidden_ms", "confidence"):
        op.drop_column("ratings", column)
    for column in ("form", "first_choice"):
        op.drop_column("raters", column)
    op.drop_table("consent_texts")
    _downgrade_studies()


# The table of studies is referred to, so SQLite cannot copy it: it is altered in place, on both databases.
def _upgrade_studies() -> None:
    op.add_column("studies", sa.Column("language", sa.String(8), nullable=False, server_default="en"))
    op.add_column("studies", sa.Column("texts", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("studies", sa.Column("options", sa.JSON(), nullable=False, server_default="{}"))
    op.execute(
        "ALTER TABLE studies ADD COLUMN practice_mix_id INTEGER "
        "CONSTRAINT fk_studies_practice_mix_id REFERENCES mixes (id)"
    )
    studies = _studies()
    connection = op.get_bind()
    for row in connection.execute(sa.select(studies.c.id, studies.c.introduction)).all():
        texts = {"en": {"introduction": row.introduction}}
        connection.execute(sa.update(studies).where(studies.c.id == row.id).values(texts=texts))
    op.drop_column("studies", "introduction")


def _downgrade_studies() -> None:
    op.add_column("studies", sa.Column("introduction", sa.Text(), nullable=False, server_default=""))
    studies = _studies()
    connection = op.get_bind()
    for row in connection.execute(sa.select(studies.c.id, studies.c.language, studies.c.texts)).all():
        told = row.texts.get(row.language, {}).get("introduction", "")
        connection.execute(sa.update(studies).where(studies.c.id == row.id).values(introduction=told))
    for column in ("practice_mix_id", "options", "texts", "language"):
        op.drop_column("studies", column)


def _studies() -> sa.TableClause:
    return sa.table(
        "studies",
        sa.column("id", sa.Integer()),
        sa.column("introduction", sa.Text()),
        sa.column("language", sa.String()),
        sa.column("texts", sa.JSON()),
    )
