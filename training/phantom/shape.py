"""The lesion's outline: lobes, a warped and noisy border, and how fast it fades in each direction."""

from dataclasses import dataclass

import numpy as np

from training.phantom.noise import Array, Generator, field, grid, smoothstep
from training.phantom.recipe import Lesion


@dataclass(frozen=True)
class Shape:
    """Maps (size, size) of where the lesion is.

    ``inside`` is 1 at the centre, 0 on the border and negative outside; ``cover`` is how much of the lesion
    there is, 0..1; ``x`` and ``y`` are warped coordinates from its centre in radii.
    """

    inside: Array
    cover: Array
    x: Array
    y: Array


def coarse(lesion: Lesion, share: float = 0.5) -> float:
    """Return the frequency, in cycles a side, of features about ``1 / share`` radii long."""
    return max(0.7, share / lesion.radius)


def lesion_shape(lesion: Lesion, rng: Generator, size: int) -> Shape:
    """Return the outline of the lesion; a larger one has larger features, as if seen closer."""
    gx, gy = grid(size)
    low = coarse(lesion, 0.35)
    warp = lesion.radius * 0.15 * lesion.irregularity
    x = (gx - lesion.x + warp * field(rng, size, 2.0, low, low * 8)) / lesion.radius
    y = (gy - lesion.y + warp * field(rng, size, 2.0, low, low * 8)) / lesion.radius
    inside = 1.0 - _lobes(lesion, rng, x, y)
    fine = field(rng, size, 1.3, low * 2.0, 90)
    inside += lesion.irregularity * 0.15 * fine
    if lesion.pattern == "streaks":
        inside += _spikes(rng, np.arctan2(y, x) + np.float32(0.05) * fine, inside)
    fade = lesion.softness * (0.45 + 1.1 * smoothstep(0.5 + 0.45 * field(rng, size, 2.2, low, low * 3)))
    return Shape(inside, smoothstep(inside / fade + 0.5), x, y)


def _lobes(lesion: Lesion, rng: Generator, x: Array, y: Array) -> Array:
    """Return the distance from the lobes' centres in their radii, blended smoothly where lobes meet."""
    blended = np.zeros_like(x)
    for lobe in range(lesion.lobes):
        reach = 0.0 if lobe == 0 else rng.uniform(0.3, 0.75)
        toward, radius = rng.uniform(0, 2 * np.pi), 1.0 if lobe == 0 else rng.uniform(0.45, 0.85)
        angle = lesion.angle + rng.normal(0, 0.5) * (lobe > 0)
        dx, dy = x - np.float32(reach * np.cos(toward)), y - np.float32(reach * np.sin(toward))
        stretch = np.float32(np.sqrt(lesion.aspect))
        along = (dx * np.float32(np.cos(angle)) + dy * np.float32(np.sin(angle))) / stretch
        off = (dy * np.float32(np.cos(angle)) - dx * np.float32(np.sin(angle))) * stretch
        blended += np.exp(-7.0 * np.minimum(np.sqrt(along**2 + off**2) / np.float32(radius), 9.0))
    return -np.log(np.maximum(blended, 1e-30)) / 7.0


def _spikes(rng: Generator, theta: Array, inside: Array) -> Array:
    """Return radial streaks and pseudopods: the border's excess by direction, 0 at the centre."""
    turns = np.linspace(-np.pi, np.pi, 721)
    waves = np.zeros_like(turns)
    for count in rng.integers(11, 60, 18):
        waves += rng.normal() * np.cos(count * turns + rng.uniform(0, 2 * np.pi)) / 4.2
    sector = smoothstep(0.6 + 0.9 * np.cos(turns - rng.uniform(-np.pi, np.pi)) + rng.uniform(-0.3, 0.6))
    height = np.interp(theta, turns, 0.105 * waves * sector).astype(np.float32)
    return height * smoothstep(1.15 - np.abs(inside) * 1.6)
