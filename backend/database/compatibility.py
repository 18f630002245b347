"""Which programs a schema serves: written beside the schema by whatever migrates it, read by older programs.

A program cannot know the migrations of a later one. So a migration says itself, by its constant ``ADDITIVE``,
whether programs made for the schema before it still work, and the database keeps for which revisions that
holds. During an upgrade the servers of the release before go on with the new schema until they are replaced.
"""

from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, delete, insert, inspect, select

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

METADATA = MetaData()
SERVED = Table(
    "schema_serves",
    METADATA,
    Column("schema_revision", String(32), primary_key=True),
    Column("program_revision", String(32), primary_key=True),
)
"""As ``alembic_version`` about the schema and no part of it: in no backup, and made without a migration."""

_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32)))


def current_revision(connection: Connection) -> str | None:
    """What Alembic has noted in the database, or ``None`` where there is no schema yet."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(select(_VERSION.c.version_num))


def record(connection: Connection, scripts: "ScriptDirectory") -> None:
    """Write down whom the present schema serves, in the transaction that made it."""
    current = current_revision(connection)
    if current is None:
        SERVED.drop(connection, checkfirst=True)
        return
    SERVED.create(connection, checkfirst=True)
    connection.execute(delete(SERVED))
    rows = [{"schema_revision": current, "program_revision": one} for one in served(scripts, current)]
    connection.execute(insert(SERVED), rows)


def served(scripts: "ScriptDirectory", revision: str) -> list[str]:
    """A revision, and those before it whose programs work with it: up to a migration that is not additive."""
    found: list[str] = []
    script = scripts.get_revision(revision)
    while script is not None:
        found.append(script.revision)
        before = script.down_revision if getattr(script.module, "ADDITIVE", False) else None
        script = scripts.get_revision(str(before)) if before else None
    return found


def serves(connection: Connection, schema: str, program: str) -> bool:
    """Whether a schema says that programs made for the revision ``program`` work with it, too."""
    if not inspect(connection).has_table(SERVED.name):
        return False
    told = select(SERVED).where(SERVED.c.schema_revision == schema, SERVED.c.program_revision == program)
    return connection.execute(told).first() is not None
