"""A program on a later schema, and several that migrate at once."""

import os
import threading
import time

import pytest
import sqlalchemy as sa

from backend.app import create_app
from backend.database import locks, schema
from backend.database.compatibility import SERVED
from backend.database.locks import Lock
from backend.database.sessions import Database
from backend.database.tables import Mix
from tests.support import BACKENDS
from training.errors import UserError

SEVERAL = 4


def go_later(database, *, serves: bool) -> None:
    """What the migration of a later release does to the schema's version."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'later'"))
        connection.execute(sa.delete(SERVED))
        told = ["later", schema.head()] if serves else ["later"]
        connection.execute(
            sa.insert(SERVED), [{"schema_revision": "later", "program_revision": one} for one in told]
        )


def test_a_server_works_with_a_later_schema_that_says_so(browser, world):
    go_later(world.database, serves=True)
    create_app(world.settings).state.database.close()
    assert browser.get("/readyz").status_code == 200
    go_later(world.database, serves=False)
    with pytest.raises(UserError, match="newer than this program"):
        create_app(world.settings)
    assert browser.get("/readyz").json()["parts"]["database"] == "the schema is newer than this program"


def test_what_must_be_whole_is_not_made_by_an_older_program(world, dermvtt, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", world.settings.database)
    monkeypatch.setenv("DERMVTT_DATA_DIR", str(world.settings.data_dir))
    go_later(world.database, serves=True)
    assert dermvtt("check")[0] == 0
    assert "works with it" in dermvtt("migrate")[1]
    for command in (["backup", "--out"], ["study", "export-bundle", world.study.id, "--out"]):
        code, _, said = dermvtt(*command, tmp_path / "out.tar")
        assert code == 1
        assert "newer than this program" in said
    assert not (tmp_path / "out.tar").exists()
    go_later(world.database, serves=False)
    code, _, said = dermvtt("migrate")
    assert code == 1
    assert "Install the newer DermVTT" in said


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # the children do nothing else
@pytest.mark.parametrize("backend", BACKENDS)
def test_several_that_start_together_migrate_once(make_url, backend):
    url = make_url(backend, empty=True)
    begin, children = os.pipe(), []
    for _ in range(SEVERAL):
        children.append(child := os.fork())
        if not child:
            try:
                os.close(begin[1])
                engine = Database(url).engine
                os.read(begin[0], 1)  # until all are there
                schema.upgrade(engine)
                os._exit(0)
            except BaseException:
                os._exit(1)
    for end in begin:
        os.close(end)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * SEVERAL
    database = Database(url)
    schema.require_current(database.engine)
    database.close()


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_migration_steps_back_from_a_table_in_use(world, monkeypatch, caplog):
    caplog.set_level("INFO", "dermvtt.schema")
    monkeypatch.setattr(schema, "LONGEST_LOCK_S", 0.05)
    monkeypatch.setattr(schema, "PAUSE_S", 0.05)
    engine = world.database.engine
    schema.downgrade(engine, "0005")
    thread = threading.Thread(target=schema.upgrade, args=(engine,))
    with engine.connect() as reader:
        reader.execute(sa.text("SELECT count(*) FROM mixes"))  # an export that goes on for an hour
        thread.start()
        ends = time.monotonic() + 60
        while caplog.text.count("it tries again") < 2:
            assert time.monotonic() < ends
            time.sleep(0.01)
        with world.database.write() as session:  # who comes meanwhile is served
            session.execute(sa.text("UPDATE mixes SET name = 'served meanwhile'"))
        assert thread.is_alive()
    thread.join(60)
    schema.require_current(engine)
    with world.database.read() as session:
        assert session.scalar(sa.select(Mix.name)) == "served meanwhile"


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_migration_gives_up_in_the_end_and_says_why(world, monkeypatch):
    monkeypatch.setattr(schema, "LONGEST_LOCK_S", 0.01)
    monkeypatch.setattr(schema, "PATIENCE_S", 0.0)
    engine = world.database.engine
    with engine.connect() as other:
        locks.take(other, Lock.MIGRATION)
        with pytest.raises(UserError, match="others held what it needs"):
            schema.upgrade(engine)
