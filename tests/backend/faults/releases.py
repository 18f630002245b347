"""A later release of this program: the same code with one more, additive migration, which it uses."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from backend.database import schema

ROOT = Path(__file__).parents[3]
LATER = "later"
MIGRATION = '''"""a column that answers have, and a table

Revision ID: {later}
Revises: {before}
"""

import sqlalchemy as sa
from alembic import op

revision = "{later}"
down_revision = "{before}"
branch_labels = None
depends_on = None
ADDITIVE = {additive}


def upgrade() -> None:
    op.add_column("ratings", sa.Column("device", sa.String(8), nullable=False, server_default=""))
    op.create_table("devices", sa.Column("name", sa.String(8), primary_key=True))


def downgrade() -> None:
    op.drop_table("devices")
    op.drop_column("ratings", "device")
'''
COLUMN = '\nRating.device = mapped_column(String(8), default="later")\n'


def write_later(folder: Path, *, additive: bool = True) -> Path:
    """Write the later release's packages to a folder that is to be in front of Python's path."""
    for name in ("backend", "migrations"):
        shutil.copytree(ROOT / name, folder / name)
    text = MIGRATION.format(later=LATER, before=schema.head(), additive=additive)
    (folder / "migrations" / "versions" / "later.py").write_text(text)
    with (folder / "backend" / "database" / "tables.py").open("a") as file:
        file.write(COLUMN)
    return folder


def run(code: Path, url: str, *command: str) -> subprocess.CompletedProcess:
    """A command of the release whose packages are in this folder."""
    return subprocess.run(
        [sys.executable, "-m", "backend.cli", *command],
        cwd=code,
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
