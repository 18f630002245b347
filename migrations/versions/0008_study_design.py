"""balanced presentation orders

Revision ID: 0008
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("raters", sa.Column("order_row", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("raters", "order_row")
