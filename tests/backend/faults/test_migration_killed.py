"""An upgrade or a downgrade that is killed half way leaves the old schema whole, and can be run again."""

import os
import signal
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from backend.database import schema
from backend.database.sessions import Database
from tests.support import consent

FEWEST = 10
KILLED_AT = range(1, 250, 5)
"""Before which statements of the run, as far as it has so many."""


@pytest.fixture
def urls(world):
    consent(world)
    yield world.settings.database
    world.database.close()


def look(url: str) -> tuple[dict, dict, str | None]:
    """The columns, how many rows each table has, and the version."""
    database = Database(url)
    inspector = sa.inspect(database.engine)
    columns, rows = {}, {}
    with database.engine.connect() as connection:
        for table in sorted(inspector.get_table_names()):
            columns[table] = sorted(column["name"] for column in inspector.get_columns(table))
            rows[table] = connection.scalar(sa.select(sa.func.count()).select_from(sa.table(table)))
        version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    database.close()
    return columns, rows, version


def dies(url: str, run: Callable[[sa.Engine], None], at: int) -> int:
    """Run in a process of its own that kills itself before its statement number ``at``; its wait status.

    Where there are fewer it ends by itself, with their number as its exit code.
    """
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        count, engine = 0, Database(url).engine

        def counted(*_: object) -> None:
            nonlocal count
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)

        sa.event.listen(engine, "before_cursor_execute", counted)
        sa.event.listen(engine, "commit", counted)
        run(engine)
        os._exit(min(count, 255))
    except BaseException:
        os._exit(0)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # the child does nothing else
@pytest.mark.parametrize("way", ["down", "up"])
def test_a_killed_migration_changes_nothing_and_can_be_run_again(urls, way):
    if way == "down":
        run = lambda engine: schema.downgrade(engine, "0001")  # noqa: E731
    else:
        database = Database(urls)
        schema.downgrade(database.engine, "0001")
        database.close()
        run = schema.upgrade
    before = look(urls)
    assert before[1]["presentations"]
    killed = 0
    for number in KILLED_AT:
        status = dies(urls, run, number)
        if not os.WIFSIGNALED(status):
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert look(urls) == before
        killed += 1
    assert killed >= 3
    assert not os.WIFSIGNALED(status)
    assert os.WEXITSTATUS(status) >= FEWEST  # it has ended by itself
    after = look(urls)
    assert after[2] != before[2]
    assert after[1]["presentations"] == before[1]["presentations"]
