"""The demo: the whole path but training in one step, from images to a study open for raters.

A demo that was interrupted goes on where it stopped, and a second run finds everything made.
"""

import hashlib
import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from backend import accounts, serving
from backend.database import schema
from backend.database.sessions import Database
from backend.demo_mix import SEED, SHIPPED, about_images, make_mix
from backend.languages import Languages, translatable
from backend.private import write_private
from backend.settings import Settings, load_settings
from backend.storage import open_store
from backend.studies.consent import INTRODUCTION, MAY_REVISE
from backend.studies.invitations import invite
from backend.studies.lifecycle import GROUPS, create_study
from backend.studies.mixes import import_mix
from backend.studies.options import StudyTexts
from training.errors import UserError

ADMIN = "admin@localhost"
TITLE = translatable("Real or generated? A visual Turing test of skin lesions")
PORTS_TRIED = 20


@dataclass(frozen=True)
class Links:
    """What a demo gives out: the tokens of its raters' links by group, and its admin's one-time password."""

    raters: dict[str, str]
    admin: str
    password: str


def run(data: Path | None, folder: Path, checkpoint: Path | None) -> None:
    """Make a demo below ``folder``, of photographs or of phantoms, and serve it until interrupted."""
    if data is not None and not data.is_dir():
        raise UserError(f"{data} is no folder. Give a folder of photographs: make demo DATA=photos")
    default = f"{SHIPPED}{'photographs' if data else 'phantoms'}"
    generator = str(checkpoint or default)
    if not (generator.startswith(SHIPPED) or Path(generator).exists()):
        raise UserError(
            f"{generator} does not exist. Give a run's folder, a checkpoint's, or an exported file."
        )
    home = folder / ("phantoms" if data is None else _named_after(data, "photographs"))
    # Another generator makes another mix and another study: answers belong to the images that were shown.
    suffix = "" if generator == default else f"-{_named_after(Path(generator), 'generator')}"
    mix, study = home / f"mix{suffix}", home / f"study{suffix}"
    make_mix(home, data, generator, mix)
    settings = load_settings()
    settings = settings.model_copy(
        update={
            "data_dir": study,
            "database_url": "",
            "port": _free_port(settings),
            "log_level": "WARNING",
        }
    )
    about = about_images(mix)
    links = _make_study(settings, mix, f"{home.name}{suffix}")
    serving.serve(settings, lambda address: _announce(address, links, settings, home, about))


def _named_after(source: Path, otherwise: str) -> str:
    """A folder's name for a path: another for every path, and one that a person recognises."""
    path = source if str(source).startswith(SHIPPED) else source.resolve()
    readable = re.sub(r"[^A-Za-z0-9-]+", "-", path.name).strip("-") or otherwise
    return f"{readable}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"


def _texts(mix_folder: Path) -> dict[str, StudyTexts]:
    """What the demo tells its raters, in every language."""
    languages, texts = Languages(), {}
    for code in languages.names:
        say = languages.catalogue(code).gettext
        told = f"{say(INTRODUCTION)} {say(MAY_REVISE)}\n{about_images(mix_folder, say)}"
        texts[code] = StudyTexts(title=say(TITLE), introduction=told)
    return texts


def _make_study(settings: Settings, mix_folder: Path, name: str) -> Links:
    """The demo's study, made at the first run; its links are kept in a file that only its owner can read."""
    kept = settings.data_dir / "links.json"
    database = Database(settings.database)
    try:
        schema.upgrade(database.engine)
        with database.read() as session:
            links = _kept_links(kept) if accounts.has_admin(session, ADMIN) else None
        if links is None:
            mix = import_mix(database, open_store(settings), mix_folder, name).mix
            with database.write() as session:
                study = create_study(session, [mix.id], TITLE, seed=str(SEED), texts=_texts(mix_folder))
                tokens = {group: invite(session, study.id, group)[0].token for group in GROUPS}
                links = Links(tokens, ADMIN, accounts.create_admin(session, ADMIN))
                # Inside the transaction: links that could not be kept must not exist. A crash before the
                # commit leaves links without a study, which the next run replaces.
                write_private(kept, json.dumps(vars(links)))
        return links
    finally:
        database.close()


def _kept_links(kept: Path) -> Links:
    try:
        return Links(**json.loads(kept.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{kept} is missing or damaged, and the links in it cannot be made again. "
            f"Remove {kept.parent} to start a new study from the same mix."
        ) from error


def _free_port(settings: Settings) -> int:
    for port in range(settings.port, settings.port + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
                probe.listen()
            except OSError:
                continue
            return port
    return settings.port


def _announce(address: str, links: Links, settings: Settings, home: Path, about: str) -> None:
    print("\nThe study is running. Open a link and rate; the same link brings you back.")
    print(f"{about}\n")
    for group, token in links.raters.items():
        print(f"  Rater ({group}):{'':{6 - len(group)}}{address}/r/{token}")
    print(f"  Admin:         {address}/admin   e-mail {links.admin}")
    print(f"  {_password_line(links, settings)}")
    print(f"\nEverything is kept in {home}. Ctrl-C stops the server; the same command goes on.", flush=True)


def _password_line(links: Links, settings: Settings) -> str:
    database = Database(settings.database)
    try:
        with database.read() as session:
            unused = accounts.has_one_time_password(session, links.admin)
    finally:
        database.close()
    if unused:
        return f"One-time password: {links.password}"
    return "The admin's password is the one you chose at the first log-in."
