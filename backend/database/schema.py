"""The schema's version: made and upgraded by the migrations, and checked before anything uses it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

import migrations
from training.errors import UserError


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to ``revision``, in one transaction."""
    config = _config()
    with engine.execution_options(dermvtt_writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to ``revision``, in one transaction."""
    config = _config()
    with engine.execution_options(dermvtt_writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def state(engine: Engine) -> str:
    """``ok``, or in few words what is wrong with the schema; raises ``DBAPIError`` where nothing answers."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(_config())
    if current == script.get_current_head():
        return "ok"
    if current is None:
        return "missing: dermvtt migrate makes it"
    known = {revision.revision for revision in script.walk_revisions()}
    return "behind: dermvtt migrate upgrades it" if current in known else "newer than this program"


def require_current(engine: Engine) -> None:
    """Raise ``UserError``, naming the command that mends it, unless the schema is this program's."""
    script = ScriptDirectory.from_config(_config())
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        address = engine.url.render_as_string(hide_password=True)
        raise UserError(
            f"the database {address} cannot be reached: {str(error.orig).strip()}\n"
            "Start it, or set DATABASE_URL to another one."
        ) from error
    if current == script.get_current_head():
        return
    if current is None:
        raise UserError("the database has no schema yet. Make it with: dermvtt migrate")
    if current not in {revision.revision for revision in script.walk_revisions()}:
        raise UserError(
            f"the database's schema ({current}) is newer than this program. Install the newer DermVTT."
        )
    raise UserError(f"the database's schema ({current}) is behind. Back it up, then run: dermvtt migrate")


def head() -> str:
    """The revision that this program's migrations lead to."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def revisions() -> set[str]:
    """Every revision that this program knows: its own and those before it."""
    return {one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return config
