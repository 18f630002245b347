"""A backup taken under writes, restored into either database: the same rows, the same images, or nothing."""

import hashlib
import itertools
import json
import stat
import threading
from contextlib import closing, contextmanager

import pytest
import sqlalchemy as sa

from backend.database import dump
from backend.database.sessions import Database
from backend.database.tables import Presentation, Rating
from backend.operations.archive import Backup
from backend.operations.backup import back_up
from backend.operations.check import findings
from backend.operations.restore import restore
from backend.settings import Settings
from backend.storage import ImageStore, open_store
from backend.studies.invitations import invite
from backend.studies.rating import answer_form
from tests.support import BACKENDS, consent
from training.errors import UserError


@pytest.fixture
def rated(world):
    """A world with answers of a rater, a word in another alphabet, and what is empty."""
    consent(world, "ED1")
    with world.database.write() as session:
        for position in range(1, 5):
            answer_form(session, world.link["ED1"], position, "fake", response_ms=812.0625 * position)
        invite(session, world.study.id, "DLE", 1, "Zoë 皮")
    return world


@pytest.fixture
def fresh(make_url, tmp_path):
    """Make an empty installation: no schema, no images."""
    made = []

    def make(backend):
        folder = tmp_path / f"restored-{len(made)}"
        settings = Settings(data_dir=folder, database_url=make_url(backend, empty=True))
        made.append(Database(settings.database))
        return made[-1], open_store(settings)

    yield make
    for one in made:
        one.close()


def store_of(world):
    return ImageStore(world.settings.images_dir)


def everything(database):
    with dump.snapshot(database.engine) as connection:
        return {table.name: list(dump.rows(connection, table)) for table in dump.tables()}


def restored(backup, fresh):
    database, store = fresh
    with closing(Backup(backup)) as found:
        restore(database, store, found)
    return database, store


@pytest.mark.parametrize("target", BACKENDS)
@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_what_was_backed_up_comes_back_on_either_database(rated, fresh, tmp_path, target, name):
    back_up(rated.database, store_of(rated), tmp_path / name)
    database, store = restored(tmp_path / name, fresh(target))
    assert everything(database) == everything(rated.database)
    assert set(store.iterate()) == set(store_of(rated).iterate())
    assert findings(database, store) == []
    if target == "postgresql":  # plans are not made for empty tables
        with database.read() as session:
            known = session.scalar(sa.text("SELECT reltuples FROM pg_class WHERE relname = 'presentations'"))
            assert known == session.scalar(sa.select(sa.func.count(Presentation.id)))
    with database.write() as session:  # and it goes on where it was
        answer_form(session, rated.link["ED1"], 5, "real")
        invite(session, rated.study.id, "ED")


@contextmanager
def writing(world):
    """Somebody who rates all the time; yields what waits until so many more answers were stored."""
    over, stored = threading.Event(), threading.Semaphore(0)
    problems = []

    def write():
        try:
            for number in itertools.takewhile(lambda _: not over.is_set(), itertools.count()):
                answer = ("real", "fake")[number // 8 % 2]  # another than before: else nothing is stored
                with world.database.write() as session:
                    answer_form(session, world.link["ED1"], 1 + number % 8, answer)
                stored.release()
        except Exception as error:
            problems.append(error)
            stored.release(100)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield lambda count: [stored.acquire(timeout=60) for _ in range(count)]
    finally:
        over.set()
        thread.join()
    assert not problems


def test_a_backup_under_writes_is_of_one_moment(rated, fresh, tmp_path):
    with writing(rated) as wait:
        wait(3)
        # Between any two tables more is written; what is backed up must not know.
        back_up(rated.database, store_of(rated), tmp_path / "copy", lambda _: wait(2))
    kept, seen = everything(rated.database), Backup(tmp_path / "copy").contents.parts
    assert len(kept["ratings"]) > seen["tables/ratings.jsonl"].rows >= 7
    database, store = restored(tmp_path / "copy", fresh(rated.database.engine.dialect.name))
    assert findings(database, store) == []
    ratings = everything(database)["ratings"]
    assert ratings == kept["ratings"][: len(ratings)]


def test_what_holds_anything_is_not_overwritten(rated, tmp_path):
    back_up(rated.database, store_of(rated), tmp_path / "copy")
    before = everything(rated.database)
    with closing(Backup(tmp_path / "copy")) as found, pytest.raises(UserError, match="is not empty"):
        restore(rated.database, store_of(rated), found)
    assert everything(rated.database) == before
    with pytest.raises(UserError, match="already exists"):
        back_up(rated.database, store_of(rated), tmp_path / "copy")


only_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


@only_sqlite
@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_a_backup_is_for_its_owner_alone(rated, tmp_path, name):
    back_up(rated.database, store_of(rated), tmp_path / name)
    paths = [tmp_path / name, *(tmp_path / name).rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()} == {0o600}
    if name == "copy":
        assert stat.S_IMODE(paths[0].stat().st_mode) == 0o700


@only_sqlite
@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_an_interrupted_backup_leaves_nothing_that_looks_whole(rated, tmp_path, name):
    def stop(what):
        if "images" in what:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(rated.database, store_of(rated), tmp_path / name, stop)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("copy")]


@only_sqlite
def test_no_backup_is_written_without_an_image(rated, tmp_path):
    store = store_of(rated)
    store.remove(next(store.iterate()))
    with pytest.raises(UserError, match="is missing"):
        back_up(rated.database, store, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@only_sqlite
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda copy: (copy / "tables" / "ratings.jsonl").write_text(""), "ratings.jsonl is not what was"),
        (lambda copy: (copy / "tables" / "raters.jsonl").unlink(), "raters.jsonl is missing"),
        (lambda copy: next((copy / "images").rglob("*.png")).write_bytes(b"x"), "png is not what was"),
        (lambda copy: (copy / "backup.json").write_text("{"), "backup.json cannot be read"),
        (lambda copy: (copy / "backup.json").unlink(), "backup.json is missing"),
        (lambda copy: change(copy, schema="0001"), "the backup's schema is 0001"),
        (lambda copy: change(copy, version=2), "no backup of this kind"),
        (lambda copy: table(copy, columns=["nothing"]), "rows of mixes are not rows of that table"),
        (lambda copy: table(copy, b"{\n"), "rows of mixes are not rows of that table"),
        (lambda copy: table(copy, b"[1]\n"), "rows of mixes are not rows of that table"),
        (lambda copy: table(copy, rows=2), "mixes has 1 rows after restoring, and 2 were"),
        (lambda copy: leave_out(copy, "tables/mixes.jsonl"), "lacks the table mixes"),
        (lambda copy: leave_out(copy, "images/"), "lacks 8 images of its mixes"),
    ],
)
def test_a_damaged_backup_is_refused_and_nothing_is_changed(rated, fresh, tmp_path, spoil, said):
    back_up(rated.database, store_of(rated), tmp_path / "copy")
    spoil(tmp_path / "copy")
    database, store = fresh("sqlite")
    with pytest.raises(UserError, match=said), closing(Backup(tmp_path / "copy")) as found:
        restore(database, store, found)
    tables = sa.inspect(database.engine).get_table_names()
    if tables:  # what is wrong only shows when rows are filled in
        assert not any(everything(database).values())
    else:
        assert not list(store.iterate())


def change(copy, **fields):
    path = copy / "backup.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def table(copy, content=None, **fields):
    """Make the manifest fit a table's file, whatever is in it."""
    path, parts = copy / "tables" / "mixes.jsonl", json.loads((copy / "backup.json").read_text())["parts"]
    if content:
        path.write_bytes(content)
    parts["tables/mixes.jsonl"] |= {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()} | fields
    change(copy, parts=parts)


def leave_out(copy, beginning):
    parts = json.loads((copy / "backup.json").read_text())["parts"]
    change(copy, parts={name: part for name, part in parts.items() if not name.startswith(beginning)})


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8])
@only_sqlite
def test_a_backup_that_was_cut_off_is_refused(rated, fresh, tmp_path, kept):
    back_up(rated.database, store_of(rated), whole := tmp_path / "copy.tar")
    end = whole.read_bytes().rstrip(b"\0")  # a .tar is filled up with nothing
    whole.write_bytes(end[: int(len(end) * kept)])
    database, store = fresh("sqlite")
    with pytest.raises(UserError, match="is missing"), closing(Backup(whole)) as found:
        restore(database, store, found)
    assert not sa.inspect(database.engine).get_table_names()


@only_sqlite
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_database_that_holds_something_else_is_not_empty(rated, fresh, tmp_path, backend):
    back_up(rated.database, store_of(rated), tmp_path / "copy")
    database, store = fresh(backend)
    with database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE posts (title TEXT)"))
        connection.execute(sa.text("INSERT INTO posts VALUES ('another program')"))
    with closing(Backup(tmp_path / "copy")) as found, pytest.raises(UserError, match="is not empty"):
        restore(database, store, found)
    assert sa.inspect(database.engine).get_table_names() == ["posts"]


@only_sqlite
def test_rows_that_do_not_come_back_as_they_were_are_noticed(rated, fresh, tmp_path, monkeypatch):
    back_up(rated.database, store_of(rated), tmp_path / "copy")
    fill = dump.fill

    def careless(connection, table, columns, given):
        fill(connection, table, columns, given)
        if table.name == "ratings":
            connection.execute(sa.update(Rating).values(response_ms=1))

    monkeypatch.setattr(dump, "fill", careless)
    database, store = fresh("sqlite")
    with (
        pytest.raises(UserError, match="not those that were backed up"),
        closing(Backup(tmp_path / "copy")) as found,
    ):
        restore(database, store, found)
    assert not any(everything(database).values())


@only_sqlite
def test_images_come_from_whichever_store(rated, fresh, tmp_path, dermvtt, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", rated.settings.database)
    monkeypatch.setenv("DERMVTT_DATA_DIR", str(rated.settings.data_dir))
    code, out, _ = dermvtt("backup", "--out", tmp_path / "copy.tar")
    assert (code, "8 images" in out) == (0, True)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'new.sqlite'}")
    monkeypatch.setenv("DERMVTT_DATA_DIR", str(tmp_path / "new"))
    code, out, _ = dermvtt("restore", tmp_path / "copy.tar")
    assert (code, "8 images" in out) == (0, True)
    assert dermvtt("check")[0] == 0
    code, _, err = dermvtt("restore", tmp_path / "copy.tar")
    assert (code, "is not empty" in err) == (1, True)
    code, _, err = dermvtt("restore", tmp_path / "none")
    assert (code, "does not exist" in err) == (1, True)
