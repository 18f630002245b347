"""``dermvtt demo``: the whole path in one command, from images to a study that is open for raters.

Each stage writes a folder that takes its name only when it is whole, so a demo that was interrupted goes on
where it stopped, and a second run finds everything made.
"""

import hashlib
import json
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from backend import accounts, serving
from backend.database import schema
from backend.database.sessions import Database
from backend.private import write_private
from backend.settings import Settings, load_settings
from backend.storage import ImageStore
from backend.studies.invitations import invite
from backend.studies.lifecycle import GROUPS, create_study
from backend.studies.mixes import import_mix
from training.errors import INTERRUPTED, UserError

FAKES, REALS = 30, 50
PHANTOMS = 400
SEED = 0
STAGES = 4
ADMIN = "admin@localhost"
TITLE = "Real or generated? A visual Turing test of skin lesions"
PORTS_TRIED = 20


@dataclass(frozen=True)
class Links:
    """What a demo gives out: the tokens of its raters' links by group, and its admin's one-time password."""

    raters: dict[str, str]
    admin: str
    password: str


def demo(
    data: Annotated[
        Path | None, typer.Option(help="A folder of your own photographs [default: computer-drawn phantoms].")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where demos are kept.")] = Path("demo"),
    preset: Annotated[
        str, typer.Option(help="How to train: a preset such as quick, or a TOML file.")
    ] = "demo",
) -> None:
    """Make a study from nothing, or from a folder of photographs, and serve it.

    Images are prepared, a small PGAN is trained on them, and thirty of its fakes are mixed with fifty of the
    images. A second run keeps the study and its answers.

    Example: dermvtt demo --data photos
    """
    if data is not None and not data.is_dir():
        raise UserError(f"{data} is no folder. Give a folder of photographs: make demo DATA=photos")
    home = folder / _name(data)
    _make_mix(home, data, preset)
    settings = load_settings()
    settings = settings.model_copy(
        update={
            "data_dir": home / "study",
            "database_url": "",
            "port": _free_port(settings),
            "log_level": "WARNING",
        }
    )
    links = _make_study(settings, home)
    serving.serve(settings, lambda address: _announce(address, links, settings, home))


def _name(data: Path | None) -> str:
    """The demo's folder: one for the phantoms, one for each folder of photographs."""
    if data is None:
        return "phantoms"
    path = data.resolve()
    readable = re.sub(r"[^A-Za-z0-9-]+", "-", path.name).strip("-") or "photographs"
    return f"{readable}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"


def _make_mix(home: Path, data: Path | None, preset: str) -> None:
    photos = data or home / "photos"
    dataset, run, mix = home / "data", home / "run", home / "mix"
    if data is None:
        _stage(1, f"Drawing {PHANTOMS} phantoms", photos, "phantom", "--count", PHANTOMS, "--seed", SEED)
    lenient = ("--skip-bad", "--allow-upsampling")  # the study's images will be small anyway
    _stage(2, f"Preparing a data set from {photos}", dataset, "prepare", photos, *lenient)
    _require_enough(dataset)
    resume = ["--resume"] if run.exists() else []
    training = ("train", "pgan", "--data", dataset, "--preset", preset, "--seed", SEED, *resume)
    if not mix.exists():
        _stage(3, "Training a small PGAN", run, *training, again=bool(resume))
    mixing = ("mix", "--checkpoint", run, "--data", dataset, "--fakes", FAKES, "--reals", REALS)
    _stage(4, f"Mixing {FAKES} fakes and {REALS} reals", mix, *mixing, "--seed", SEED)


def _stage(number: int, what: str, out: Path, *arguments: object, again: bool = False) -> None:
    """Let the training half make ``out``, unless it is there: it runs as its own program, so that this half
    stays free of torch.
    """
    if out.exists() and not again:
        return
    print(f"[{number} of {STAGES}] {what}", file=sys.stderr, flush=True)
    started = monotonic()
    command = [sys.executable, "-m", "training.cli", *map(str, arguments), "--out", str(out)]
    code = _wait_for(subprocess.Popen(command))  # noqa: S603 - our own program, arguments as a list
    if code == INTERRUPTED:
        raise UserError("interrupted. The same command goes on from here.")
    if code:
        raise UserError("the demo stopped because this step failed. Mend it and run the demo again.")
    print(f"         done in {monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _wait_for(process: subprocess.Popen[bytes]) -> int:
    """Wait for a step. Ctrl-C reaches the step too, and only it: it ends in its own time, its work saved."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _require_enough(dataset: Path) -> None:
    count = json.loads((dataset / "dataset.json").read_text())["count"]
    if count < REALS:
        raise UserError(
            f"the demo needs {REALS} photographs at least, and there are {count} in {dataset}. "
            f"Add some, remove {dataset}, and run the demo again."
        )


def _make_study(settings: Settings, home: Path) -> Links:
    """The demo's study, made at the first run; its links are kept in a file that only its owner can read."""
    kept = settings.data_dir / "links.json"
    database = Database(settings.database)
    try:
        schema.upgrade(database.engine)
        with database.read() as session:
            links = _kept_links(kept) if accounts.has_admin(session, ADMIN) else None
        if links is None:
            mix = import_mix(database, ImageStore(settings.images_dir), home / "mix", home.name).mix
            with database.write() as session:
                study = create_study(session, mix.id, TITLE, seed=str(SEED))
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
            except OSError:
                continue
            return port
    return settings.port


def _announce(address: str, links: Links, settings: Settings, home: Path) -> None:
    print("\nThe study is running. Open a link and rate; the same link brings you back.\n")
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
