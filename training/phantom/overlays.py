"""What lies on the skin and on the glass: hairs, ink, the ruler, gel bubbles and glints."""

import numpy as np
from scipy.ndimage import gaussian_filter

from training.phantom.noise import Array, Generator, grid, patch, planes
from training.phantom.recipe import Extras
from training.phantom.strokes import Stroke, curve, ink, tapered

VIOLET = (0.24, 0.10, 0.42)
"""Colour of a surgical skin marker (gentian violet)."""


def add_overlays(picture: Array, extras: Extras, rng: Generator) -> None:
    """Draw over ``picture`` (3, size, size) float32 in 0..1, in place."""
    size = picture.shape[-1]
    if extras.ink:
        _paint(picture, ink(_marks(rng, extras.ink), size) * 0.7, VIOLET)
    if extras.hairs:
        _hairs(picture, extras, rng)
    if extras.ruler:
        _paint(picture, ink(_ruler(rng), size) * np.float32(rng.uniform(0.55, 0.9)), (0.10, 0.09, 0.10))
    for _ in range(extras.bubbles):
        _bubble(picture, rng)
    if extras.glints:
        _glints(picture, rng, extras.glints)


def _paint(picture: Array, cover: Array, colour: tuple[float, float, float]) -> None:
    picture += cover * (planes(colour) - picture)


def _hairs(picture: Array, extras: Extras, rng: Generator) -> None:
    size = picture.shape[-1]
    flow, spread = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.9)
    long, bend = rng.uniform(0.25, 1.2), rng.uniform(0.2, 0.9)
    strokes: list[Stroke] = []
    for _ in range(extras.hairs):
        start = tuple(rng.uniform(-0.15, 1.15, 2))
        path = curve(rng, start, flow + rng.normal(0, spread), long * rng.uniform(0.5, 1.4), bend, 32)
        strokes.append(tapered(path, extras.hair_width * rng.lognormal(0, 0.3)))
    cover = ink(strokes, size)
    shadow = gaussian_filter(cover, size / 110)
    picture *= 1.0 - 0.18 * np.roll(shadow, (size // 128, size // 128), (0, 1))
    _paint(picture, cover * np.float32(rng.uniform(0.75, 0.97)), extras.hair_tone)


def _marks(rng: Generator, count: int) -> list[Stroke]:
    strokes: list[Stroke] = []
    for _ in range(count):
        angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.46)
        centre = np.array([0.5 + distance * np.cos(angle), 0.5 + distance * np.sin(angle)])
        for _ in range(int(rng.integers(14, 34))):
            at = tuple(centre + rng.normal(0, 0.015, 2))
            path = curve(rng, at, rng.uniform(0, 2 * np.pi), rng.uniform(0.02, 0.08), 0.8, 8)
            strokes.append(tapered(path, rng.uniform(0.003, 0.006), 0.6))
    return strokes


def _ruler(rng: Generator) -> list[Stroke]:
    """Return a millimetre scale along one side: a line, a tick a millimetre, longer at each fifth, "mm"."""
    angle = rng.normal(0, 0.12) + rng.choice([0.0, 0.0, 0.5, -0.5]) * np.pi / 2
    along, up = np.array([np.cos(angle), np.sin(angle)]), np.array([np.sin(angle), -np.cos(angle)])
    middle = np.array([0.5, 0.5]) - up * rng.uniform(0.33, 0.44) + along * rng.uniform(-0.08, 0.08)
    pitch, ticks = rng.uniform(0.022, 0.05), int(rng.integers(10, 16))
    width = rng.uniform(0.0018, 0.0032)
    origin = middle - along * pitch * ticks / 2

    def line(a: np.ndarray, b: np.ndarray, share: float = 1.0) -> Stroke:
        return np.stack([a, b]), np.full(2, 0.5 * width * share)

    strokes = [line(origin, origin + along * pitch * ticks)]
    for tick in range(ticks + 1):
        foot = origin + along * pitch * tick
        strokes.append(line(foot, foot + up * pitch * (0.62 if tick % 5 == 0 else 0.36), 0.9))
    letter = pitch * 0.42
    for start in (0.0, 1.35 * letter):
        corner = origin + along * start - up * letter * 1.5
        for leg in (0.0, 0.5, 1.0):
            foot = corner + along * letter * leg
            strokes.append(line(foot, foot + up * letter * 0.8, 0.8))
        strokes.append(line(corner + up * letter * 0.8, corner + up * letter * 0.8 + along * letter, 0.8))
    return strokes


def _bubble(picture: Array, rng: Generator) -> None:
    """Draw a gel bubble: a thin dark rim, a bright crescent towards the lamp, a glint opposite."""
    size = picture.shape[-1]
    x, y = grid(size)
    (cx, cy), radius = rng.random(2), min(rng.lognormal(-4.2, 0.7), 0.09)
    rows, columns = patch(cx, cy, radius * 1.7, size)
    aspect, turn = rng.uniform(1.0, 1.35), rng.uniform(0, np.pi)
    dx, dy = x[rows, columns] - cx, y[rows, columns] - cy
    along = (dx * np.cos(turn) + dy * np.sin(turn)) / (radius * aspect)
    off = (dy * np.cos(turn) - dx * np.sin(turn)) / radius
    distance = np.sqrt(along**2 + off**2)
    edge = max(0.09, 0.7 / (radius * size))
    facing = np.cos(np.arctan2(dy, dx) - rng.uniform(0, 2 * np.pi))
    dark = 0.30 * np.exp(-(((distance - 1.0) / edge) ** 2)) * (0.6 - 0.4 * facing)
    bright = 0.75 * np.exp(-(((distance - 0.84) / edge) ** 2)) * np.maximum(facing, 0) ** 2
    bright += 0.35 * np.exp(-(((distance - 0.7) / edge) ** 2)) * np.maximum(-facing, 0) ** 6
    view = picture[:, rows, columns]
    view *= 1.0 - dark
    view += bright * (0.97 - view)


def _glints(picture: Array, rng: Generator, count: int) -> None:
    """Draw small specular highlights in a few clusters."""
    size = picture.shape[-1]
    centre, spread = rng.uniform(0.25, 0.75, 2), rng.uniform(0.05, 0.25)
    strokes = []
    for _ in range(count):
        path = curve(
            rng, tuple(rng.normal(centre, spread)), rng.uniform(0, np.pi), rng.uniform(0.002, 0.012), 0.5, 5
        )
        strokes.append(tapered(path, rng.uniform(0.0025, 0.006), 0.5))
    _paint(picture, ink(strokes, size) * np.float32(rng.uniform(0.4, 0.85)), (0.97, 0.96, 0.97))
