"""A walk through the latent space: from seed to seed on great circles, as a contact sheet and a film."""

import json
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.animation import KINDS, save_animation
from training.errors import UserError
from training.export import TrainedGenerator
from training.files import new_file
from training.grid import BACKGROUND, GAP
from training.parallel import interruptible
from training.progress import progress
from training.sample import LATENT_SEEDS

PARALLEL = 1e-7
"""Sine of an angle below which two directions are one (or opposite): float32's own precision."""


def slerp(start: Tensor, end: Tensor, t: float) -> Tensor:
    """The point at ``t`` in [0, 1] between two latents (1, K), of their shape; the ends are returned as is.

    Spherical linear interpolation (Shoemake 1985): the direction turns at constant speed on the shorter great
    circle while the length goes linearly from one end's to the other's. Gaussian latents of many dimensions
    lie near a sphere, which a straight line would leave for lengths that training never sees (White 2016,
    "Sampling generative networks", whose formula this is where both lengths agree); where the network
    normalises its latents, as PGAN's does, only the direction matters, and its speed is constant. Opposite
    directions, between which all great circles are equally short, take the one through the coordinate axis
    that is most nearly at right angles to them. From or to the origin, which has no direction, the way is a
    straight line.
    """
    if t in {0, 1}:
        return end if t else start
    a, b = (latents.double().numpy().ravel() for latents in (start, end))
    point = _turned(a, b, t) * ((1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b))
    if not (a.any() and b.any()):
        point = (1 - t) * a + t * b
    return torch.from_numpy(point).to(start.dtype).reshape(start.shape)


def _turned(a: NDArray[np.float64], b: NDArray[np.float64], t: float) -> NDArray[np.float64]:
    """The unit vector that ``t`` of the turn from ``a``'s direction to ``b``'s leads to."""
    a, b = (vector / max(float(np.linalg.norm(vector)), np.finfo(float).tiny) for vector in (a, b))
    cosine = float(a @ b)
    across = b - cosine * a
    sine = float(np.linalg.norm(across))
    if sine < PARALLEL:
        if cosine > 0:
            return a
        axis = np.eye(1, len(a), int(np.argmin(np.abs(a))))[0]
        across = axis - (axis @ a) * a
    across /= max(float(np.linalg.norm(across)), np.finfo(float).tiny)
    angle = t * np.arctan2(sine, cosine)
    return a * np.cos(angle) + across * np.sin(angle)


def read_seeds(listed: str) -> list[int]:
    """Latent seeds from a list as "3,14,15"; raise ``UserError`` where it is none."""
    try:
        return [int(seed) for seed in listed.split(",")]
    except ValueError as error:
        raise UserError(f"--seeds is {listed!r}; give whole numbers, as 3,14,15.") from error


def path(stops: list[Tensor], steps: int, loop: bool = False) -> Iterator[Tensor]:
    """Every stop, and ``steps`` - 1 points between each and the next: latents (1, K).

    A ``loop`` goes on to the first stop and ends a step before it, since that comes next.
    """
    if loop and not torch.equal(stops[0], stops[-1]):
        stops = [*stops, stops[0]]
    for start, end in pairwise(stops):
        yield from (slerp(start, end, step / steps) for step in range(steps))
    if not loop:
        yield stops[-1]


def contact_sheet(images: NDArray[np.uint8], steps: int) -> NDArray[np.uint8]:
    """Lay a path's images (N, H, H, 3) out: a row for each way from a stop to the next, both shown."""
    cell = images.shape[1] + GAP
    legs = (len(images) - 1) // steps
    sheet = np.full((legs * cell - GAP, (steps + 1) * cell - GAP, 3), BACKGROUND, np.uint8)
    for row in range(legs):
        for column, image in enumerate(images[row * steps : (row + 1) * steps + 1]):
            top, left = row * cell, column * cell
            sheet[top : top + cell - GAP, left : left + cell - GAP] = image
    return sheet


def walk(
    generator: TrainedGenerator,
    seeds: list[int],
    *,
    out: Path | None = None,
    steps: int = 8,
    animation: Path | None = None,
    frames: int = 24,
    fps: float = 20,
    loop: bool = True,
    enlarge: int = 1,
) -> None:
    """Walk from seed to seed; write the contact sheet ``out`` (PNG), the ``animation``, or both.

    ``steps`` and ``frames`` are how many steps lead from one seed to the next, in the sheet and in the
    animation; with ``loop`` the animation goes back to the first seed, so that it never jumps. ``enlarge``
    repeats pixels. Raises ``UserError`` where there is nothing to do, or a file's name does not end as its
    format's (``KINDS``) does.
    """
    _check(seeds, out, animation)
    about = {
        "generator": generator.digest,
        "family": generator.family.name,
        "drawn": generator.drawn,
        "latent_seeds": seeds,
        "tool_version": version("dermvtt"),
    }
    stops = [generator.latents(seed) for seed in seeds]
    with interruptible("the walk is not finished"):
        if out is not None:
            images = _drawn(generator, path(stops, steps), enlarge, "Drawing the sheet")
            note = json.dumps(about | {"steps": steps})
            with new_file(out) as partial:
                save_animation(partial, [contact_sheet(images, steps)], ".png", fps, note)
        if animation is not None:
            images = _drawn(generator, path(stops, frames, loop), enlarge, "Drawing the animation")
            note = json.dumps(about | {"frames": frames, "loop": loop})
            with new_file(animation) as partial:
                save_animation(partial, list(images), animation.suffix.lower(), fps, note)


def _drawn(generator: TrainedGenerator, way: Iterable[Tensor], enlarge: int, what: str) -> NDArray[np.uint8]:
    points, images = list(way), []
    with progress(what, len(points)) as advance:
        for latents in points:
            images.append(generator.draw_latents(latents))
            advance(1)
    return np.stack(images).repeat(enlarge, axis=1).repeat(enlarge, axis=2)


def _check(seeds: list[int], out: Path | None, animation: Path | None) -> None:
    if len(seeds) < 2:
        raise UserError(f"a walk needs at least two seeds to lead from one to the next, not {len(seeds)}.")
    for seed in seeds:
        if not 0 <= seed < LATENT_SEEDS:
            raise UserError(f"latent seed {seed} is out of range: give seeds from 0 to {LATENT_SEEDS - 1}.")
    if out is None and animation is None:
        raise UserError("nowhere to put the walk: give --out FILE.png, --animation FILE.gif, or both.")
    if out is not None and out.suffix.lower() != ".png":
        raise UserError(f"{out}: a contact sheet is a PNG. Give --out a name that ends in .png.")
    if animation is not None and animation.suffix.lower() not in KINDS:
        raise UserError(f"{animation}: give --animation a name that ends in {', '.join(KINDS)}.")
    if out is not None and animation is not None and out.absolute() == animation.absolute():
        raise UserError(f"--out and --animation are both {out}. Give them two names.")
