"""A lesion's colours: how much melanin, blood, deep blue pigment and white scatter lies where."""

import numpy as np

from training.phantom import patterns
from training.phantom.noise import Array, Generator, field, planes, smoothstep
from training.phantom.patterns import Pigment, zone
from training.phantom.recipe import Lesion
from training.phantom.shape import Shape, coarse, lesion_shape
from training.phantom.skin import HAEMOGLOBIN

DEEP = planes((1.0, 0.86, 0.66))
"""Absorption of melanin deep in the dermis as seen from above: the light scattered back is blue."""

VEIL = planes((0.74, 0.72, 0.78))
"""Colour of the whitish veil and of scar-like regression, RGB in 0..1 under full light."""


def add_lesion(lesion: Lesion, rng: Generator, density: Array) -> tuple[Array, Array]:
    """Return the optical density (3, size, size) with the lesion, and its white scatter (size, size)."""
    size = density.shape[-1]
    shape = lesion_shape(lesion, rng, size)
    pigment = _ground(lesion, rng, shape)
    _structure(pigment, lesion, rng, shape)
    density = density + pigment.melanin * planes((*lesion.absorption, 1.0))
    density += pigment.blood * HAEMOGLOBIN
    density += pigment.blue * DEEP
    return density, pigment.veil


def _ground(lesion: Lesion, rng: Generator, shape: Shape) -> Pigment:
    size = shape.x.shape[0]
    low = coarse(lesion, 0.6)
    centre = smoothstep(shape.inside * 1.2 + 0.4)
    uneven = 1.0 + 0.22 * field(rng, size, 1.4, low, 60) + 0.10 * field(rng, size, 0.6, 14, 95)
    melanin = lesion.depth * shape.cover * np.clip(uneven, 0.15, 2.5) * (0.6 + 0.4 * centre)
    within = shape.cover * smoothstep(shape.inside * 3.0 + 0.3)
    if lesion.dark:
        melanin += (
            lesion.dark * lesion.depth * within * zone(lesion, rng, size, shape, rng.uniform(0.0, 0.9), 1.1)
        )
    blue = np.zeros_like(melanin)
    if lesion.blue:
        patch = within * zone(lesion, rng, size, shape, rng.uniform(0.1, 0.9), 1.8)
        blue = lesion.blue * patch * np.clip(1.0 + 0.35 * field(rng, size, 1.2, low * 2, 60), 0.2, 2.0)
        melanin *= 1.0 - 0.45 * patch
    blood = lesion.red * shape.cover * zone(lesion, rng, size, shape, rng.uniform(-0.5, 0.8), 1.2)
    blood += 0.07 * smoothstep(shape.inside + 0.7)
    veil = np.zeros_like(melanin)
    if lesion.veil:
        veil = lesion.veil * within * zone(lesion, rng, size, shape, rng.uniform(0.5, 1.2), 1.0)
        melanin *= 1.0 - 0.5 * veil
    return Pigment(melanin, blood, blue, veil)


def _structure(pigment: Pigment, lesion: Lesion, rng: Generator, shape: Shape) -> None:
    match lesion.pattern:
        case "network":
            patterns.network(pigment, lesion, rng, shape)
        case "globular":
            patterns.globules(pigment, lesion, rng, shape, rim=bool(rng.random() < 0.3))
        case "streaks":
            pigment.melanin *= 0.7 + 0.5 * smoothstep(shape.inside * 1.5 + 0.2)
            if rng.random() < 0.5:
                patterns.network(pigment, lesion, rng, shape)
        case "multicomponent":
            patterns.network(pigment, lesion, rng, shape)
            patterns.globules(pigment, lesion, rng, shape, rim=bool(rng.random() < 0.5))
        case "keratosis":
            patterns.keratosis(pigment, lesion, rng, shape)
        case "lacunar":
            patterns.lacunae(pigment, lesion, rng, shape)
        case "vascular":
            patterns.vessels(pigment, lesion, rng, shape)
        case "parallel":
            patterns.parallel(pigment, lesion, rng, shape)
