"""From a description to pixels: skin, lesion, light, glass and camera."""

import numpy as np
from scipy.ndimage import gaussian_filter

from training.phantom.lesion import VEIL, add_lesion
from training.phantom.noise import Array, Generator, grid, planes, smoothstep
from training.phantom.overlays import add_overlays
from training.phantom.recipe import Extras, describe, stream
from training.phantom.skin import skin_density


def draw(seed: int, index: int, size: int = 256) -> np.ndarray:
    """Return image ``index`` of the phantom set ``seed``: uint8 (size, size, 3) RGB.

    It depends on its arguments alone, and shows the same composition at every size from 32 up. Light is
    absorbed after Beer and Lambert: a channel is exp(-density), and the pigments' densities add up.
    """
    phantom = describe(seed, index)
    density = skin_density(phantom.skin, stream(seed, index, 1), size)
    density, veil = add_lesion(phantom.lesion, stream(seed, index, 2), density)
    picture = np.exp(-np.maximum(density, 0.0))
    light = VEIL * (0.35 + 0.65 * planes(phantom.skin.tone))
    picture += veil * (light - picture)
    add_overlays(picture, phantom.extras, stream(seed, index, 3))
    picture = _camera(picture, phantom.extras, stream(seed, index, 4))
    levels = (np.clip(picture, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(1, 2, 0))


def _camera(picture: Array, extras: Extras, rng: Generator) -> Array:
    """Return the picture through lens and sensor: blur, fall-off of light, the black field stop, noise."""
    size = picture.shape[-1]
    x, y = grid(size)
    if extras.blur * size > 0.3:
        sigma = extras.blur * size
        picture = gaussian_filter(picture, (0, sigma, sigma), truncate=2.5)
    cx, cy = (0.5 + rng.normal(0, 0.03, 2)).astype(np.float32)
    squared = (x - cx) ** 2 + (y - cy) ** 2
    tilt = rng.normal(0, 0.05, 2).astype(np.float32)
    light = (
        1.0 - extras.vignette * squared * (1.0 + 2.0 * squared) + tilt[0] * (x - 0.5) + tilt[1] * (y - 0.5)
    )
    if extras.field:
        light *= smoothstep((extras.field - np.sqrt(squared)) / np.float32(rng.uniform(0.006, 0.03)) + 0.5)
    noise = rng.standard_normal((3, size, size), dtype=np.float32)
    picture *= 0.988 * light
    picture += 0.012 + extras.grain * (0.7 * noise[1] + 0.4 * noise)
    return picture
