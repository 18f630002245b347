"""A run's state, read from its folder alone: also while another process trains in it."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.checkpoint import checkpoints, read_state
from training.errors import UserError
from training.lock import is_training
from training.metrics import METRICS, read_lines
from training.runs import RUN, read_origin
from training.state import Best


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    ``state`` is ``training``, ``stopped`` or ``finished``. ``images_seen`` is that of the newest line of the
    metrics or checkpoint, whichever is later; ``images_per_s`` and the losses are the newest line's, and
    ``age_s`` is how old that is. ``time_left_s`` assumes that speed, and is missing where nothing trains.
    """

    run: str
    family: str
    state: str
    images_seen: int
    images: int
    phase: str | None
    resolution: int | None
    images_per_s: float | None
    time_left_s: float | None
    discriminator_loss: float | None
    generator_loss: float | None
    swd: dict[str, float] | None
    swd_images_seen: int | None
    best: dict[str, Any] | None
    checkpoints: list[str]
    age_s: float | None


def status(run: Path) -> Status:
    """Read a run's folder; raise ``UserError`` where it is none."""
    origin = read_origin(run)
    images = origin.configuration.get("images")
    if not isinstance(images, int) or images < 1:
        raise UserError(f"{run / RUN} is damaged: configuration.images is {images!r}.")
    saved = checkpoints(run)
    lines = read_lines(run / METRICS)
    losses = next((line for line in reversed(lines) if "generator_loss" in line), {})
    measured = next((line for line in reversed(lines) if "swd" in line), {})
    newest = int(saved[0].name) if saved else 0
    seen = max(newest, losses.get("images_seen", 0))
    training = is_training(run)
    speed = losses.get("images_per_s")
    state = "training" if training else "finished" if newest >= images else "stopped"
    return Status(
        run=str(run),
        family=origin.family,
        state=state,
        images_seen=seen,
        images=images,
        phase=losses.get("phase"),
        resolution=losses.get("resolution"),
        images_per_s=speed,
        time_left_s=(images - seen) / speed if training and speed else None,
        discriminator_loss=losses.get("discriminator_loss"),
        generator_loss=losses.get("generator_loss"),
        swd=measured.get("swd"),
        swd_images_seen=measured.get("images_seen"),
        best=_best(saved),
        checkpoints=[str(folder) for folder in saved],
        age_s=time.time() - (run / METRICS).stat().st_mtime if lines else None,
    )


def as_text(found: Status) -> str:
    """A few lines for a person."""
    share = found.images_seen / found.images
    seen = f"{found.images_seen}/{found.images} images ({share:.1%})"
    lines = [f"{found.run}: {found.family}, {found.state}, {seen}"]
    if found.phase:
        losses = f"discriminator {found.discriminator_loss:.3g}, generator {found.generator_loss:.3g}"
        lines.append(
            f"  {found.phase}: {found.images_per_s:,.1f} images/s, {losses}, {_duration(found.age_s)} ago"
        )
    if found.time_left_s is not None:
        lines.append(f"  {_duration(found.time_left_s)} left at this speed")
    if found.swd:
        levels = ", ".join(f"{level}: {value:.1f}" for level, value in found.swd.items())
        lines.append(f"  SWD x 1000 after {found.swd_images_seen} images: {levels}")
    if found.best:
        lines.append(
            f"  best: mean SWD {found.best['swd']:.1f} at {found.best['resolution']}x"
            f"{found.best['resolution']} after {found.best['images_seen']} images"
        )
    lines.append(f"  newest checkpoint: {found.checkpoints[0] if found.checkpoints else 'none yet'}")
    return "\n".join(lines)


def _best(saved: list[Path]) -> dict[str, Any] | None:
    for folder in saved:
        try:
            best = read_state(folder)["best"]
        except UserError:
            continue  # damaged, or removed at this moment
        return asdict(Best(**best)) if best else None
    return None


def _duration(seconds: float | None) -> str:
    whole = round(seconds or 0)
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
