"""Every migration says whether it is additive, and is so where it says so."""

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from backend.database import schema
from backend.database.compatibility import served
from backend.database.sessions import Database
from tests.backend.faults.releases import ROOT
from tests.backend.upgrades.additive import breaks, picture
from tests.support import BACKENDS

SCRIPTS = ScriptDirectory(str(ROOT / "migrations"))
MIGRATIONS = [one for one in reversed(list(SCRIPTS.walk_revisions())) if one.down_revision]


@pytest.fixture(params=BACKENDS)
def engine(request, make_url):
    database = Database(make_url(request.param, empty=True))
    yield database.engine
    database.close()


def test_every_migration_says_whether_it_is_additive():
    said = {one.revision: getattr(one.module, "ADDITIVE", None) for one in SCRIPTS.walk_revisions()}
    assert [revision for revision, additive in said.items() if not isinstance(additive, bool)] == []


def test_the_names_of_their_files_tell_the_revisions():
    """By them a server knows its schema, without reading the migrations."""
    assert schema.revisions() == {one.revision for one in SCRIPTS.walk_revisions()}
    assert schema.head() == SCRIPTS.get_current_head()


def test_those_that_say_so_are(engine):
    found = {}
    schema.upgrade(engine, "0001")
    before = picture(engine)
    for one in MIGRATIONS:
        schema.upgrade(engine, one.revision)
        after = picture(engine)
        found[one.revision] = breaks(before, after)
        before = after
    assert {
        one.revision: found[one.revision] for one in MIGRATIONS if one.module.ADDITIVE and found[one.revision]
    } == {}
    assert found["0002"] == {"ratings.received_at must be given", "studies.introduction is gone"}


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("DROP TABLE b", "b is gone"),
        ("ALTER TABLE a DROP COLUMN y", "a.y is gone"),
        ("ALTER TABLE a RENAME COLUMN y TO z", "a.y is gone"),
        ("ALTER TABLE a ADD COLUMN z INTEGER NOT NULL", "a.z must be given"),
        ("ALTER TABLE a ALTER COLUMN y SET NOT NULL", "a.y may not be empty any more"),
        ("ALTER TABLE a ALTER COLUMN y TYPE VARCHAR(4)", "a.y has another type"),
        ("ALTER TABLE a ALTER COLUMN x DROP DEFAULT", "a.x has no default any more"),
        ("ALTER TABLE a ADD UNIQUE (y)", "a: unique ['y']"),
        ("CREATE UNIQUE INDEX i ON a (y)", "a: unique ['y']"),
        ("ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0)", "a: check x > 0"),
        ("ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b (i)", "a: foreign key ['x']"),
        ("ALTER TABLE a ADD COLUMN z INTEGER NOT NULL DEFAULT 0 UNIQUE", None),
        ("CREATE TABLE c (i INTEGER PRIMARY KEY)", None),
        ("CREATE INDEX i ON a (y)", None),
    ],
)
def test_each_break_can_be_found(make_url, change, broken):
    database = Database(make_url("postgresql", empty=True))
    with database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE a (x INTEGER NOT NULL DEFAULT 1, y VARCHAR(8))"))
        connection.execute(sa.text("CREATE TABLE b (i INTEGER PRIMARY KEY)"))
    before = picture(database.engine)
    with database.engine.begin() as connection:
        connection.execute(sa.text(change))
    assert breaks(before, picture(database.engine)) == ({broken} if broken else set())
    database.close()


def test_a_schema_serves_back_to_what_was_not_additive(tmp_path):
    (tmp_path / "versions").mkdir()
    for number, additive in enumerate([True, False, True, True], start=1):
        before = repr(str(number - 1)) if number > 1 else None
        text = f"revision = '{number}'\ndown_revision = {before}\nADDITIVE = {additive}\n"
        (tmp_path / "versions" / f"{number}.py").write_text(text)
    scripts = ScriptDirectory.from_config(_config(tmp_path))
    assert [served(scripts, one) for one in "1234"] == [["1"], ["2"], ["3", "2"], ["4", "3", "2"]]


def _config(folder):
    config = Config()
    config.set_main_option("script_location", str(folder))
    return config
