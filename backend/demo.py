"""``dermvtt demo``: the whole path but training in one command, from images to a study open for raters.

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
from backend.studies.lifecycle import GROUPS, INTRODUCTION, create_study
from backend.studies.mixes import import_mix
from training.errors import INTERRUPTED, UserError
from training.manifest import read_manifest

FAKES, REALS = 30, 50
PHANTOMS = 64
"""A few more than the mix takes, so that a mix by another seed has other reals."""
SEED = 0
SHIPPED = "shipped:"
ADMIN = "admin@localhost"
TITLE = "Real or generated? A visual Turing test of skin lesions"
PORTS_TRIED = 20


@dataclass(frozen=True)
class Links:
    """What a demo gives out: the tokens of its raters' links by group, and its admin's one-time password."""

    raters: dict[str, str]
    admin: str
    password: str


@dataclass(frozen=True)
class Stage:
    """One step of making the mix: the folder ``out`` that the training half makes, and how."""

    what: str
    out: Path
    arguments: tuple[object, ...]


def demo(
    data: Annotated[
        Path | None, typer.Option(help="A folder of your own photographs [default: computer-drawn phantoms].")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where demos are kept.")] = Path("demo"),
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="A generator of your own: run folder, checkpoint folder or exported file "
            f"[default: {SHIPPED}photographs with --data, else {SHIPPED}phantoms]."
        ),
    ] = None,
) -> None:
    """Make a study from nothing, or from a folder of photographs, and serve it.

    Thirty images by a generator that comes with DermVTT are mixed with fifty reals: nothing is trained. A
    second run keeps the study and its answers.

    Example: dermvtt demo --data photos

    Example: dermvtt demo --data photos --checkpoint runs/pgan
    """
    if data is not None and not data.is_dir():
        raise UserError(f"{data} is no folder. Give a folder of photographs: make demo DATA=photos")
    default = f"{SHIPPED}{'photographs' if data else 'phantoms'}"
    generator = str(checkpoint or default)
    if not (generator.startswith(SHIPPED) or Path(generator).exists()):
        raise UserError(f"{generator} does not exist. Give a run's folder, a checkpoint's, or an exported file.")
    home = folder / ("phantoms" if data is None else _named_after(data, "photographs"))
    # Another generator makes another mix and another study: answers belong to the images that were shown.
    suffix = "" if generator == default else f"-{_named_after(Path(generator), 'generator')}"
    mix, study = home / f"mix{suffix}", home / f"study{suffix}"
    _make_mix(home, data, generator, mix)
    settings = load_settings()
    settings = settings.model_copy(
        update={
            "data_dir": study,
            "database_url": "",
            "port": _free_port(settings),
            "log_level": "WARNING",
        }
    )
    about = _about(mix)
    links = _make_study(settings, mix, f"{home.name}{suffix}", about)
    serving.serve(settings, lambda address: _announce(address, links, settings, home, about))


def _named_after(source: Path, otherwise: str) -> str:
    """A folder's name for a path: another for every path, and one that a person recognises."""
    path = source if str(source).startswith(SHIPPED) else source.resolve()
    readable = re.sub(r"[^A-Za-z0-9-]+", "-", path.name).strip("-") or otherwise
    return f"{readable}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"


def _make_mix(home: Path, data: Path | None, generator: str, mix: Path) -> None:
    photos, dataset = data or home / "photos", home / "data"
    lenient = ("--skip-bad", "--allow-upsampling")  # the study's images will be small anyway
    drawing = ("phantom", "--count", PHANTOMS, "--seed", SEED)
    mixing = ("mix", "--checkpoint", generator, "--data", dataset, "--fakes", FAKES, "--reals", REALS)
    stages = [
        Stage(f"Preparing a data set from {photos}", dataset, ("prepare", photos, *lenient)),
        Stage(f"Mixing {FAKES} fakes by {generator} and {REALS} reals", mix, (*mixing, "--seed", SEED)),
    ]
    if data is None:
        stages.insert(0, Stage(f"Drawing {PHANTOMS} phantoms", photos, drawing))
    for number, stage in enumerate(stages, start=1):
        if not stage.out.exists():
            _make(stage, f"[{number} of {len(stages)}]")
        if stage.out == dataset:
            _require_enough(dataset)


def _make(stage: Stage, place: str) -> None:
    """Let the training half make the stage's folder: it runs as its own program, so that this half stays
    free of torch.
    """
    print(f"{place} {stage.what}", file=sys.stderr, flush=True)
    started = monotonic()
    command = [sys.executable, "-m", "training.cli", *map(str, stage.arguments), "--out", str(stage.out)]
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


def _about(mix: Path) -> str:
    """What raters are told of the images: nothing by which one of them could be told from another."""
    manifest = read_manifest(mix)
    fake = next(image for image in manifest.images if image.truth == "fake")
    real = next(image for image in manifest.images if image.truth == "real")
    drawn = manifest.configuration.get("generator_drawn", manifest.drawn)
    trained_on = f"other {'phantoms' if drawn else 'photographs'} than those shown"
    if manifest.configuration.get("generator_dataset") == real.provenance.dataset:
        trained_on = "the data set that the real ones are taken from"
    side = manifest.resolution
    return (
        f"All images are {side} x {side} pixels, shown enlarged. "
        f"The generated ones are by a {fake.source.upper()} that was trained on {trained_on}."
    )


def _make_study(settings: Settings, mix_folder: Path, name: str, about: str) -> Links:
    """The demo's study, made at the first run; its links are kept in a file that only its owner can read."""
    kept = settings.data_dir / "links.json"
    database = Database(settings.database)
    try:
        schema.upgrade(database.engine)
        with database.read() as session:
            links = _kept_links(kept) if accounts.has_admin(session, ADMIN) else None
        if links is None:
            mix = import_mix(database, ImageStore(settings.images_dir), mix_folder, name).mix
            with database.write() as session:
                told = f"{INTRODUCTION}\n{about}"
                study = create_study(session, mix.id, TITLE, seed=str(SEED), introduction=told)
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
