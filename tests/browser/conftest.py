"""A real server process and a real Chromium."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from backend import accounts
from backend.database.sessions import Database
from backend.settings import Settings
from backend.storage import ImageStore
from backend.studies.invitations import invite
from backend.studies.lifecycle import create_study
from backend.studies.mixes import import_mix

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
ADMIN, PASSWORD = "admin@example.org", "a password of my own"


def runs(path: str) -> bool:
    """Whether it is a browser, and not a stand-in that only says how to install one."""
    return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0


@dataclass
class Server:
    """A running ``dermvtt serve`` with a study of 50 reals and 30 fakes."""

    settings: Settings
    address: str
    process: subprocess.Popen
    links: dict[str, str]

    def stop(self, *, kill: bool = False) -> None:
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait(timeout=20)


def executable() -> str | None:
    """The system's Chromium; none where only the one that comes with Playwright can be there."""
    return next((found for name in NAMES if (found := shutil.which(name)) and runs(found)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def server(make_url, make_mix, tmp_path) -> Iterator[Server]:
    settings = Settings(data_dir=tmp_path / "data", database_url=make_url("sqlite"))
    database = Database(settings.database)
    mix = import_mix(database, ImageStore(settings.images_dir), make_mix(50, 30)).mix
    with database.write() as session:
        study = create_study(session, mix.id, "Real or generated?", seed="seed")
        invited = [invite(session, study.id, group)[0] for group in ("ED", "ED", "DLE")]
        one_time = accounts.create_admin(session, ADMIN)
    accounts.change_password(database, ADMIN, one_time, PASSWORD, hours=1)
    database.close()
    process, address = launch(settings, tmp_path / "server.log")
    running = Server(settings, address, process, {one.name: f"{address}/r/{one.token}" for one in invited})
    yield running
    if running.process.poll() is None:
        running.stop()


def launch(settings: Settings, log: Path, port: int = 0) -> tuple[subprocess.Popen, str]:
    """Start a server and wait until it is ready."""
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "DERMVTT_DATA_DIR": str(settings.data_dir),
        "DERMVTT_PORT": str(port),
    }
    command = [sys.executable, "-m", "backend.cli", "serve"]
    with log.open("ab") as errors:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
    line = process.stdout.readline()
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
