"""The demo's mix, made by the training half in stages, each from the folder that the last one wrote.

A stage's folder takes its name only when it is whole, so what is there need not be made again.
"""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from backend.languages import Translate, translatable
from training.errors import INTERRUPTED, UserError
from training.manifest import MixError, read_manifest

FAKES, REALS = 30, 50
PHANTOMS = 64
"""A few more than the mix takes, so that a mix by another seed has other reals."""
SEED = 0
SHIPPED = "shipped:"
"""How the training half calls a generator that comes with it."""


@dataclass(frozen=True)
class _Stage:
    """One step of making the mix: the folder ``out`` that the training half makes, and how."""

    what: str
    out: Path
    arguments: tuple[object, ...]


def make_mix(home: Path, data: Path | None, generator: str, mix: Path) -> None:
    """Make what is not there yet of the demo ``home``: phantoms (without ``data``), data set and ``mix``.

    Raises ``UserError`` where a step fails or is interrupted, or there are too few photographs.
    """
    photos, dataset = data or home / "photos", home / "data"
    lenient = ("--skip-bad", "--allow-upsampling")  # the study's images will be small anyway
    drawing = ("phantom", "--count", PHANTOMS, "--seed", SEED)
    mixing = ("mix", "--checkpoint", generator, "--data", dataset, "--fakes", FAKES, "--reals", REALS)
    stages = [
        _Stage(f"Preparing a data set from {photos}", dataset, ("prepare", photos, *lenient)),
        _Stage(f"Mixing {FAKES} fakes by {generator} and {REALS} reals", mix, (*mixing, "--seed", SEED)),
    ]
    if data is None:
        stages.insert(0, _Stage(f"Drawing {PHANTOMS} phantoms", photos, drawing))
    for number, stage in enumerate(stages, start=1):
        if not stage.out.exists():
            _make(stage, f"[{number} of {len(stages)}]")
        if stage.out == dataset:
            _require_enough(dataset)


def _make(stage: _Stage, place: str) -> None:
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


SHOWN = translatable("All images are {side} x {side} pixels, shown enlarged.")
TRAINED = {
    "drawn": translatable(
        "The generated ones are by a {family} that was trained on another data set of computer-drawn "
        "phantoms."
    ),
    "photographed": translatable(
        "The generated ones are by a {family} that was trained on another data set of photographs."
    ),
    "same": translatable(
        "The generated ones are by a {family} that was trained on the data set that the real ones are taken "
        "from."
    ),
}


def about_images(mix: Path, translate: Translate = str) -> str:
    """What raters are told of the images: nothing by which one of them could be told from another.

    Raises ``UserError`` where the mix is damaged.
    """
    try:
        manifest = read_manifest(mix)
    except MixError as error:
        raise UserError(f"{error} Remove {mix}, and run the demo again: it is made anew.") from error
    fake = next(image for image in manifest.images if image.truth == "fake")
    real = next(image for image in manifest.images if image.truth == "real")
    drawn = manifest.configuration.get("generator_drawn", manifest.drawn)
    trained_on = "drawn" if drawn else "photographed"
    if manifest.configuration.get("generator_dataset") == real.provenance.dataset:
        trained_on = "same"
    shown = translate(SHOWN).format(side=manifest.resolution)
    return f"{shown} {translate(TRAINED[trained_on]).format(family=fake.source.upper())}"
