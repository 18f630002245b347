"""Studies with other options than the standard ones."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select

from backend.database.sessions import Database
from backend.database.tables import Study
from backend.settings import Settings
from backend.storage import ImageStore
from backend.studies.invitations import invite
from backend.studies.lifecycle import create_study
from backend.studies.mixes import import_mix
from backend.studies.options import StudyOptions
from tests.browser.conftest import Server, launch


def set_options(server: Server, **options: object) -> None:
    """Give the server's study these options, before anybody rates."""
    database = Database(server.settings.database)
    with database.write() as session:
        study = session.scalars(select(Study)).one()
        study.options = StudyOptions(**options).model_dump(mode="json")
    database.close()


@dataclass
class Studies:
    """A server on which every test gets a study of 20 images and a rater of its own."""

    server: Server
    database: Database
    mix_id: int

    def invite(self, **options: object) -> tuple[str, str]:
        """The name and the link of the only rater of a new study with these options."""
        name = f"R{uuid4().hex[:8]}"
        with self.database.write() as session:
            chosen = StudyOptions(**options)
            study = create_study(session, self.mix_id, "Real or generated?", seed="seed", options=chosen)
            token = invite(session, study.id, "ED", name=name)[0].token
        return name, f"{self.server.address}/r/{token}"


@contextmanager
def serving(folder: Path, blank: Path, mix: Path) -> Iterator[Studies]:
    """Serve studies of a mix from a folder; ``blank`` is an SQLite file of our schema."""
    shutil.copy(blank, folder / "studies.sqlite")
    settings = Settings(data_dir=folder / "data", database_url=f"sqlite:///{folder / 'studies.sqlite'}")
    database = Database(settings.database)
    mix_id = import_mix(database, ImageStore(settings.images_dir), mix).mix.id
    process, address = launch(settings, folder / "server.log")
    server = Server(settings, address, process, {})
    yield Studies(server, database, mix_id)
    server.stop()
    database.close()
