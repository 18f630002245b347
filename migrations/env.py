"""Alembic's entry: runs migrations on the connection that it is handed, or on the settings' database."""

from alembic import context
from sqlalchemy import Connection

from backend.database import compatibility
from backend.database.sessions import Database
from backend.database.tables import Base
from backend.settings import load_settings


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=[Base.metadata, compatibility.METADATA],
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
        compatibility.record(connection, context.script)


handed: Connection | None = context.config.attributes.get("connection")
if handed is not None:
    migrate(handed)
else:
    with Database(load_settings().database).engine.begin() as own:
        migrate(own)
