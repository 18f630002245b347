"""how a mix was drawn, and what its audit found

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
ADDITIVE = True


def upgrade() -> None:
    # Studies and images refer to mixes, so SQLite cannot copy the table: it is altered in place.
    op.add_column("mixes", sa.Column("configuration", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("mixes", sa.Column("audit", sa.JSON(), nullable=True))


def downgrade() -> None:
    for column in ("audit", "configuration"):
        op.drop_column("mixes", column)
