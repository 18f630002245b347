"""balanced presentation orders, several mixes in a study

Revision ID: 0008
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

OLD_KEY = "CONSTRAINT fk_studies_mix_id FOREIGN KEY(mix_id) REFERENCES mixes (id) ON DELETE RESTRICT"


def upgrade() -> None:
    op.add_column("raters", sa.Column("order_row", sa.Integer(), nullable=True))
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
        _rewrite("studies", f", \n\t{OLD_KEY}", "")
    op.drop_column("studies", "mix_id")


def downgrade() -> None:
    # Schema 0006 knows one mix a study. A column that refers to another table cannot be added to SQLite's
    # table unless it may be empty; it is filled at once, and that it may not be is said afterwards.
    op.execute("ALTER TABLE studies ADD COLUMN mix_id INTEGER")
    op.execute(
        "UPDATE studies SET mix_id = "
        "(SELECT mix_id FROM study_mixes WHERE study_id = studies.id AND position = 1)"
    )
    if op.get_bind().dialect.name == "sqlite":
        _rewrite("studies", ", mix_id INTEGER", ", mix_id INTEGER NOT NULL")
        _rewrite("studies", "\tCONSTRAINT pk_studies", f"\t{OLD_KEY}, \n\tCONSTRAINT pk_studies")
    else:
        op.alter_column("studies", "mix_id", existing_type=sa.Integer(), nullable=False)
        op.create_foreign_key(
            "fk_studies_mix_id", "studies", "mixes", ["mix_id"], ["id"], ondelete="RESTRICT"
        )
    op.create_index("ix_studies_mix_id", "studies", ["mix_id"], unique=False)
    op.drop_table("study_mixes")
    op.drop_column("raters", "order_row")


def _rewrite(table: str, old: str, new: str) -> None:
    """Change the text of an SQLite table that is referred to, and so cannot be copied.

    https://www.sqlite.org/lang_altertable.html#otheralter
    """
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :old, :new) "
            "WHERE type = 'table' AND name = :name AND instr(sql, :old)"
        ),
        {"old": old, "new": new, "name": table},
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"the table {table} is not as the migration before left it")
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
