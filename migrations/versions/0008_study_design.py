"""balanced presentation orders, images shown twice, several mixes in a study

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from migrations.rewriting import forget_options, rewrite

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
ADDITIVE = False  # studies.mix_id is gone, and an image may be shown twice

ONCE = "CONSTRAINT uq_presentations_rater_id_image_id UNIQUE (rater_id, image_id)"
TWICE = "CONSTRAINT uq_presentations_rater_id_image_id_showing UNIQUE (rater_id, image_id, showing)"
OLD_KEY = "CONSTRAINT fk_studies_mix_id FOREIGN KEY(mix_id) REFERENCES mixes (id) ON DELETE RESTRICT"


def upgrade() -> None:
    op.add_column("raters", sa.Column("order_row", sa.Integer(), nullable=True))
    op.add_column("presentations", sa.Column("showing", sa.Integer(), nullable=False, server_default="1"))
    _exchange(ONCE, TWICE, ["rater_id", "image_id", "showing"])
    op.create_table(
        "study_mixes",
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("mix_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name="fk_study_mixes_study_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["mix_id"], ["mixes.id"], name="fk_study_mixes_mix_id", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("study_id", "mix_id", name="pk_study_mixes"),
        sa.UniqueConstraint("study_id", "position", name="uq_study_mixes_study_id_position"),
    )
    op.create_index("ix_study_mixes_mix_id", "study_mixes", ["mix_id"], unique=False)
    op.execute("INSERT INTO study_mixes (study_id, mix_id, position) SELECT id, mix_id, 1 FROM studies")
    op.drop_index("ix_studies_mix_id", table_name="studies")
    if op.get_bind().dialect.name == "sqlite":
        rewrite("studies", f", \n\t{OLD_KEY}", "")
    op.drop_column("studies", "mix_id")


def downgrade() -> None:
    # Schema 0007 knows one mix a study. A column that refers to another table cannot be added to SQLite's
    # table unless it may be empty; it is filled at once, and that it may not be is said afterwards.
    op.execute("ALTER TABLE studies ADD COLUMN mix_id INTEGER")
    op.execute(
        "UPDATE studies SET mix_id = "
        "(SELECT mix_id FROM study_mixes WHERE study_id = studies.id AND position = 1)"
    )
    if op.get_bind().dialect.name == "sqlite":
        rewrite("studies", ", mix_id INTEGER", ", mix_id INTEGER NOT NULL")
        rewrite("studies", "\tCONSTRAINT pk_studies", f"\t{OLD_KEY}, \n\tCONSTRAINT pk_studies")
    else:
        op.alter_column("studies", "mix_id", existing_type=sa.Integer(), nullable=False)
        op.create_foreign_key(
            "fk_studies_mix_id", "studies", "mixes", ["mix_id"], ["id"], ondelete="RESTRICT"
        )
    op.create_index("ix_studies_mix_id", "studies", ["mix_id"], unique=False)
    op.drop_table("study_mixes")
    _forget_second_showings()
    forget_options("order", "repeats")
    _exchange(TWICE, ONCE, ["rater_id", "image_id"])
    op.drop_column("presentations", "showing")
    op.drop_column("raters", "order_row")


def _forget_second_showings() -> None:
    """Schema 0007 knows one showing of an image, and orders without gaps."""
    presentations = sa.table("presentations", sa.column("id"), sa.column("showing"))
    second = sa.select(presentations.c.id).where(presentations.c.showing == 2)
    for name in ("ratings", "viewings"):
        table = sa.table(name, sa.column("presentation_id"))
        op.execute(sa.delete(table).where(table.c.presentation_id.in_(second)))
    connection = op.get_bind()
    held = sa.text("SELECT DISTINCT rater_id FROM presentations WHERE showing = 2")
    raters = connection.scalars(held).all()
    op.execute("DELETE FROM presentations WHERE showing = 2")
    left = sa.text("SELECT id FROM presentations WHERE rater_id = :rater ORDER BY position")
    for rater in raters:
        # An order begins at 1 and only ever moves up: no two showings have one position on the way.
        for position, shown in enumerate(connection.scalars(left, {"rater": rater}).all(), start=1):
            moved = sa.text("UPDATE presentations SET position = :position WHERE id = :id")
            connection.execute(moved, {"position": position, "id": shown})


def _exchange(old: str, new: str, columns: list[str]) -> None:
    """Put a unique constraint of the presentations in place of another."""
    if op.get_bind().dialect.name == "sqlite":
        rewrite("presentations", old, new)
        op.execute("REINDEX presentations")
        return
    op.drop_constraint(old.split()[1], "presentations", type_="unique")
    op.create_unique_constraint(new.split()[1], "presentations", columns)
