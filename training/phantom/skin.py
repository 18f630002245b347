"""Skin outside the lesion, as optical densities of red, green and blue."""

import numpy as np

from training.phantom.noise import Array, Generator, field, grid, patch, planes
from training.phantom.recipe import Skin

MELANIN = planes((0.40, 0.66, 1.0))
"""Melanin's absorption relative to blue, nearly (465 nm / wavelength) ** 3.3 (Jacques 2013)."""

HAEMOGLOBIN = planes((0.07, 1.0, 0.80))
"""Haemoglobin's absorption relative to green: it lets red pass."""


def skin_density(skin: Skin, rng: Generator, size: int) -> Array:
    """Return the optical density (3, size, size) of skin: its tone, mottling, redness, furrows, freckles."""
    melanin = 0.028 * skin.mottling * field(rng, size, 1.0, 1.5, 70)
    melanin += 0.013 * skin.mottling * field(rng, size, 0.3, 18, 90)
    blood = 0.024 * skin.redness * field(rng, size, 0.9, 2.5, 60)
    if skin.furrows > 0.3:
        melanin -= 0.013 * skin.furrows * _furrows(rng, size, skin.furrow_angle)
    for _ in range(skin.freckles):
        _add_freckle(melanin, rng)
    base = -np.log(planes(skin.tone))
    # Fair skin has little pigment to vary: taking away more than there is would show as white holes.
    room = np.minimum(1.0, 0.3 + 1.5 * base.mean())
    return base + (room * melanin) * MELANIN + (room * blood) * HAEMOGLOBIN


def _furrows(rng: Generator, size: int, angle: float) -> Array:
    """Return thin pale creases in two crossing directions, about 0..2, stronger in some places."""
    creases = np.zeros((size, size), dtype=np.float32)
    for direction in (angle, angle + rng.uniform(0.9, 1.6)):
        waves = field(rng, size, 0.2, 6, 34, stretch=2.4, angle=direction)
        creases += np.exp(-((waves / 0.3) ** 2))
    return creases * np.clip(1.0 + 0.6 * field(rng, size, 1.5, 1, 8), 0.0, 2.0)


def _add_freckle(melanin: Array, rng: Generator) -> None:
    size = melanin.shape[0]
    (cx, cy), radius = rng.random(2), rng.lognormal(-4.3, 0.45)
    rows, columns = patch(cx, cy, 4.0 * radius, size)
    x, y = grid(size)
    x, y = x[rows, columns], y[rows, columns]
    angle, aspect = rng.uniform(0, np.pi), rng.uniform(1.0, 1.6)
    dx, dy = x - np.float32(cx), y - np.float32(cy)
    along = (dx * np.cos(angle) + dy * np.sin(angle)) / aspect
    off = dy * np.cos(angle) - dx * np.sin(angle)
    melanin[rows, columns] += np.float32(rng.uniform(0.05, 0.3)) * np.exp(
        -((along**2 + off**2) / np.float32(radius) ** 2)
    )
