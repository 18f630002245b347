"""studies begin as drafts, end in the archive, and count their changes

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from migrations.rewriting import rewrite

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
ADDITIVE = False  # studies may be in states that are unknown before

OLD, NEW = "state IN ('open', 'closed')", "state IN ('draft', 'open', 'closed', 'archived')"


def upgrade() -> None:
    op.add_column("studies", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    _check(OLD, NEW)


def downgrade() -> None:
    # Neither takes answers; schema 0002 knows no other state that does not.
    op.execute("UPDATE studies SET state = 'closed' WHERE state IN ('draft', 'archived')")
    _check(NEW, OLD)
    op.drop_column("studies", "version")


def _check(old: str, new: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint("ck_studies_state", "studies", type_="check")
        op.create_check_constraint("ck_studies_state", "studies", new)
        return
    rewrite("studies", old, new)
