"""people apart from their answers, mail, enrolment by one link; events outlive a deleted rater

Revision ID: 0005
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from migrations.rewriting import forget_options

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None
ADDITIVE = True

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("raters", sa.Column("enrolled", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "people",
        sa.Column("rater_id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("real_name", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("email", sa.String(length=254), nullable=False, server_default=""),
        sa.Column("external_id", sa.String(length=128), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False, server_default=""),
        sa.Column("opted_out_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["rater_id"], ["raters.id"], name="fk_people_rater_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name="fk_people_study_id", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("rater_id", name="pk_people"),
        sa.UniqueConstraint("study_id", "external_id", name="uq_people_study_id_external_id"),
    )
    op.create_table(
        "messages",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("rater_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("tried_at", TIME, nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.CheckConstraint("kind IN ('invitation', 'reminder')", name="ck_messages_kind"),
        sa.CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed')", name="ck_messages_state"),
        sa.ForeignKeyConstraint(["rater_id"], ["raters.id"], name="fk_messages_rater_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_rater_id", "messages", ["rater_id"], unique=False)
    op.create_index("ix_messages_state", "messages", ["state"], unique=False)
    op.create_table(
        "enrolments",
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("enrolled", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("group_name", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("parameter", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("completion_code", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("return_url", sa.String(length=500), nullable=False, server_default=""),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name="fk_enrolments_study_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("study_id", name="pk_enrolments"),
        sa.UniqueConstraint("token_hash", name="uq_enrolments_token_hash"),
    )
    with op.batch_alter_table("events") as events:
        events.drop_constraint("fk_events_rater_id", type_="foreignkey")


def downgrade() -> None:
    # Schema 0002 knows no event of a rater who is not there.
    op.execute("UPDATE events SET rater_id = NULL WHERE rater_id NOT IN (SELECT id FROM raters)")
    with op.batch_alter_table("events") as events:
        events.create_foreign_key("fk_events_rater_id", "raters", ["rater_id"], ["id"], ondelete="RESTRICT")
    for table in ("enrolments", "messages", "people"):
        op.drop_table(table)
    op.drop_column("raters", "enrolled")
    forget_options("retention_days")
