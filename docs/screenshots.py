"""Draw the pictures of docs/admin.md from a study that is made up for them: ``make screenshots``.

Its images are the demo's phantoms and its raters are simulated with a fixed seed, so that the pictures show
what the pages look like and nothing about anybody.
"""

import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select
from sqlalchemy import update as change

from backend import accounts
from backend.database import schema
from backend.database.sessions import Database
from backend.database.tables import Image as MixedImage
from backend.database.tables import Presentation, Rater
from backend.demo_mix import make_mix
from backend.settings import Settings
from backend.storage import open_store
from backend.studies.answers import Answer
from backend.studies.invitations import admit, invite
from backend.studies.lifecycle import create_study, set_state
from backend.studies.mixes import import_mix
from backend.studies.rating import submit
from backend.studies.recording import Parcel, record

IMAGES = Path(__file__).parent / "images"
BROWSER = "/usr/bin/chromium-headless-shell"
ADMIN, PASSWORD = "owner@example.org", "twelve characters or more"
GROUPS = {"ED": 4, "DLE": 3}
TOTAL = 80
DONE = (TOTAL, TOTAL, TOTAL, 47, TOTAL, 12, 0)
"""Answers of each rater."""
COLOURS = 128
PAGES = {
    "admin-studies": "/admin",
    "admin-mix": "/admin/mixes/1",
    "admin-overview": "/admin/studies/1",
    "admin-raters": "/admin/studies/1/raters",
    "admin-settings": "/admin/studies/1/settings",
    "admin-exports": "/admin/studies/1/exports",
    "accounts": "/admin/accounts",
    "account": "/admin/account",
    "log": "/admin/log",
}
CLOSED = {"admin-results": "/admin/studies/1/results"}
TALLEST = 1100
"""Of a picture: what is further down a page is cut off."""


def main() -> None:
    """Make the study, serve it, and go through its pages."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "data", database_url="")
        make_mix(Path(folder), None, "shipped:phantoms", Path(folder) / "mix")
        once = make_study(settings, Path(folder) / "mix")
        with serving(settings) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=BROWSER)
            page = browser.new_page(viewport={"width": 1200, "height": 800})
            log_in(page, address, once)
            for name, path in PAGES.items():
                draw(page, address + path, IMAGES / f"{name}.png")
            close_study(settings)
            for name, path in CLOSED.items():
                draw(page, address + path, IMAGES / f"{name}.png")
            browser.close()


def make_study(settings: Settings, mix: Path) -> str:
    """A study that is being rated; returns the one-time password of its owner."""
    database = Database(settings.database)
    schema.upgrade(database.engine)
    made = import_mix(database, open_store(settings), mix, "phantoms").mix
    with database.write() as session:
        study = create_study(session, [made.id], "Can dermatologists tell? A pilot", seed="0")
        tokens = [
            one.token for group, count in GROUPS.items() for one in invite(session, study.id, group, count)
        ]
        once = accounts.create_admin(session, ADMIN, role="owner")
    drawn = random.Random(0)
    for number, token in enumerate(tokens):
        rate(database, token, drawn, DONE[number])
    database.close()
    return once


def rate(database: Database, token: str, drawn: random.Random, done: int) -> None:
    """One rater's answers: of most images the right one, each after some seconds."""
    if not done:
        return
    with database.write() as session:
        rater = admit(session, token, lock=True)
        session.execute(change(Rater).where(Rater.id == rater.id).values(consented_at=rater.created_at))
        shown = session.execute(
            select(Presentation.key, MixedImage.truth)
            .join(MixedImage, MixedImage.id == Presentation.image_id)
            .where(Presentation.rater_id == rater.id)
            .order_by(Presentation.position)
            .limit(done)
        ).all()
    answers = []
    for number, (key, truth) in enumerate(shown):
        right = drawn.random() < 0.7
        answers.append(
            Answer(
                id=f"{number:08d}",
                image=key,
                answer=truth if right else {"real": "fake", "fake": "real"}[truth],
                response_ms=1000 * math.exp(drawn.gauss(0.7, 0.4)),
                age_ms=float(len(shown) - number),
            )
        )
    with database.write() as session:
        record(session, [Parcel(token, answers)])
    if done == TOTAL:
        with database.write() as session:
            submit(session, token)


def close_study(settings: Settings) -> None:
    """So that its results may be seen."""
    database = Database(settings.database)
    with database.write() as session:
        set_state(session, 1, "closed")
    database.close()


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The address of a server of its own."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("DERMVTT_")}
    outside |= {
        "DERMVTT_DATA_DIR": str(settings.data_dir),
        "DERMVTT_PORT": "0",
        "DERMVTT_LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "backend.cli", "serve"]
    with subprocess.Popen(command, env=outside, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        yield process.stdout.readline().split()[2].rstrip("/")
        process.terminate()


def log_in(page: Page, address: str, once: str) -> None:
    """With the one-time password, and choose another one."""
    page.goto(f"{address}/admin")
    page.get_by_label("E-mail").fill(ADMIN)
    page.get_by_label("Password").fill(once)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("One-time password").fill(once)
    page.get_by_label("New password, 12 characters or more").fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()


def draw(page: Page, address: str, file: Path) -> None:
    """A page as it is when all has come, in few colours: it is shown in a page of text."""
    answer = page.goto(address)
    if answer is None or not answer.ok:
        sys.exit(f"error: {address} answers {answer and answer.status}")
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    page.screenshot(path=file, full_page=True)
    with Image.open(file) as shot:
        whole = shot.convert("RGB").crop((0, 0, shot.width, min(shot.height, TALLEST)))
    whole.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
