"""Smooth tapered strokes: hairs, vessels, ink and the ruler's marks are all drawn with one pen."""

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

OVERSAMPLING = 4

Stroke = tuple[np.ndarray, np.ndarray]
"""A line's points, (n, 2) x and y in 0..1, and its half width at each, (n,), both as shares of the side."""


def curve(
    rng: np.random.Generator,
    start: tuple[float, float],
    direction: float,
    length: float,
    bend: float,
    points: int = 24,
) -> np.ndarray:
    """Return a curve (points, 2) of smoothly changing direction; ``bend`` is how far it turns, in radians."""
    t = np.linspace(0.0, 1.0, points)
    turn = bend * (rng.normal(0, 1) * t + 0.6 * rng.normal(0, 1) * np.sin(np.pi * t * rng.uniform(0.5, 2.0)))
    steps = np.stack([np.cos(direction + turn), np.sin(direction + turn)], axis=1) * (length / points)
    return np.asarray(start) + np.cumsum(steps, axis=0)


def tapered(points: np.ndarray, width: float, tip: float = 0.15) -> Stroke:
    """Return a stroke of ``width`` at its root that thins to the share ``tip`` of it."""
    t = np.linspace(0.0, 1.0, len(points))
    return points, 0.5 * width * (1.0 - (1.0 - tip) * t**1.7) * np.minimum(1.0, 0.5 + 4.0 * t)


def ink(strokes: Iterable[Stroke], size: int) -> np.ndarray:
    """Return the strokes' coverage, (size, size) float32 in 0..1, anti-aliased."""
    scale = size * OVERSAMPLING
    canvas = Image.new("L", (scale, scale))
    pen = ImageDraw.Draw(canvas)
    for points, half in strokes:
        along = np.gradient(points, axis=0)
        length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
        across = np.stack([-along[:, 1], along[:, 0]], axis=1) * (half / length)[:, None]
        outline = np.concatenate([points + across, (points - across)[::-1]]) * scale
        pen.polygon(outline.ravel().tolist(), fill=255)
    return np.asarray(canvas.reduce(OVERSAMPLING), dtype=np.float32) / 255.0
