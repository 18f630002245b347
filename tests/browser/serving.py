"""Server processes and the studies on them."""

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from backend.database.sessions import Database
from backend.database.tables import Study
from backend.settings import Settings
from backend.storage import ImageStore
from backend.studies.invitations import invite
from backend.studies.lifecycle import create_study
from backend.studies.mixes import import_mix
from backend.studies.options import StudyOptions
from tests.forking import Forked, start


@dataclass
class Process:
    """A running ``dermvtt serve``, which may be killed and started again at its address."""

    settings: Settings
    log: Path

    def __post_init__(self) -> None:
        self.running, self.address = launch(self.settings, self.log)

    def stop(self, *, kill: bool = False) -> None:
        (self.running.kill if kill else self.running.terminate)()
        self.running.wait(timeout=20)

    def restart(self) -> None:
        self.running, _ = launch(self.settings, self.log, int(self.address.rsplit(":", 1)[1]))


@dataclass
class Server:
    """A server, and one of its studies: the links into it by the raters' names."""

    process: Process
    links: dict[str, str]
    study_id: int | None = None

    @property
    def settings(self) -> Settings:
        return self.process.settings

    @property
    def address(self) -> str:
        return self.process.address

    def set_study(self, **values: object) -> None:
        """Change the study in the database, past all rules."""
        database = Database(self.settings.database)
        with database.write() as session:
            study = session.get(Study, self.study_id)
            for name, value in values.items():
                setattr(study, name, value)
        database.close()

    def set_options(self, **options: object) -> None:
        """Give the study these options, before anybody rates."""
        self.set_study(options=StudyOptions(**options).model_dump(mode="json"))


@dataclass
class Studies:
    """A server on which tests get studies of their own, all of one mix."""

    server: Server
    database: Database
    mix_id: int

    def invite(self, **options: object) -> tuple[str, str]:
        """The name and the link of the only rater of a new study with these options."""
        name = f"R{uuid4().hex[:8]}"
        with self.database.write() as session:
            chosen = StudyOptions(**options)
            study = create_study(session, [self.mix_id], "Real or generated?", seed="seed", options=chosen)
            token = invite(session, study.id, "ED", name=name)[0].token
        return name, f"{self.server.address}/r/{token}"

    def create(self) -> Server:
        """The server with a new study that has two expert and one lay rater: ED1, ED2 and DLE1."""
        with self.database.write() as session:
            study = create_study(session, [self.mix_id], "Real or generated?", seed="seed")
            invited = [invite(session, study.id, group)[0] for group in ("ED", "ED", "DLE")]
        links = {one.name: f"{self.server.address}/r/{one.token}" for one in invited}
        return Server(self.server.process, links, study.id)

    def of(self, mix: Path) -> "Studies":
        """Studies of another mix on the same server."""
        store = ImageStore(self.server.settings.images_dir)
        return Studies(self.server, self.database, import_mix(self.database, store, mix).mix.id)


@contextmanager
def serving(folder: Path, blank: Path, mix: Path) -> Iterator[Studies]:
    """Serve studies of a mix from a folder; ``blank`` is an SQLite file of our schema."""
    shutil.copy(blank, folder / "studies.sqlite")
    settings = Settings(data_dir=folder / "data", database_url=f"sqlite:///{folder / 'studies.sqlite'}")
    database = Database(settings.database)
    mix_id = import_mix(database, ImageStore(settings.images_dir), mix).mix.id
    process = Process(settings, folder / "server.log")
    yield Studies(Server(process, {}), database, mix_id)
    process.stop()
    database.close()


def launch(
    settings: Settings,
    log: Path,
    port: int = 0,
    before: str = "",
    code: Path | None = None,
    **more: str,
) -> tuple[subprocess.Popen | Forked, str]:
    """Start a server and wait until it is ready.

    ``before`` is a program that its process runs first; ``code`` is a folder with another release's
    packages; ``more`` is added to its environment.
    """
    environment = (
        os.environ
        | {
            "DATABASE_URL": settings.database_url,
            "DERMVTT_DATA_DIR": str(settings.data_dir),
            "DERMVTT_PORT": str(port),
        }
        | more
    )
    with log.open("ab") as errors:
        process, line = start(environment, errors, before, code)
    process.stdout.close()
    assert line.startswith("Serving on "), log.read_text()
    address = line.split()[2]
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"{address}/readyz"):
                return process, address
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())
