"""The structures that dermoscopy names: networks, globules, lacunae, ridges, cysts and vessels."""

from dataclasses import dataclass

import numpy as np

from training.phantom.noise import Array, Generator, cells, field, grid, smoothstep
from training.phantom.recipe import Lesion
from training.phantom.shape import Shape, coarse
from training.phantom.strokes import Stroke, curve, ink, tapered


@dataclass
class Pigment:
    """Maps (size, size) that the patterns add to: optical densities, and white scatter (``veil``) in 0..1."""

    melanin: Array
    blood: Array
    blue: Array
    veil: Array


def zone(lesion: Lesion, rng: Generator, size: int, shape: Shape, level: float, edge: float = 0.5) -> Array:
    """Return a patch of the lesion, 0..1, off to one side; the higher ``level`` (in sigmas), the smaller."""
    toward = rng.uniform(0, 2 * np.pi)
    lean = 0.7 * (shape.x * np.float32(np.cos(toward)) + shape.y * np.float32(np.sin(toward)))
    noise = field(rng, size, 1.7, coarse(lesion, 0.6), 60)
    return smoothstep((0.85 * noise + lean - level) / edge + 0.5)


def network(pigment: Pigment, lesion: Lesion, rng: Generator, shape: Shape) -> None:
    """Weave pigmented lines around pale holes, thicker in places, missing in others."""
    size = shape.x.shape[0]
    mesh = _lattice(lesion, rng, shape, lesion.pitch, jitter=0.8)
    uneven = field(rng, size, 0.9, coarse(lesion, 0.8), 0.7 / lesion.pitch)[mesh.box]
    lines = np.exp(-(((mesh.second - mesh.nearest) / np.maximum(0.22 + 0.08 * uneven, 0.1)) ** 2))
    presence = smoothstep(0.6 + 0.35 * uneven) * smoothstep(
        0.8 + 0.5 * zone(lesion, rng, size, shape, 0.0, 2.0)[mesh.box]
    )
    pigment.melanin[mesh.box] *= 1.0 + lesion.contrast * presence * (1.2 * lines - 0.5)


def globules(pigment: Pigment, lesion: Lesion, rng: Generator, shape: Shape, rim: bool) -> None:
    """Scatter round brown clods, all over or along the ``rim`` as in a growing naevus."""
    clod = _lattice(lesion, rng, shape, lesion.pitch * 1.15, jitter=0.75, bend=0.15)
    inside = shape.inside[clod.box]
    radius = 0.16 + 0.26 * clod.label
    clods = smoothstep((radius - clod.nearest) / 0.35 + 0.5) * (clod.label > 0.25)
    where = smoothstep(1.3 - np.abs(inside - 0.12) * 5.0) if rim else smoothstep(inside * 4 + 0.7)
    pigment.melanin *= 1.0 - 0.25 * lesion.contrast
    pigment.melanin[clod.box] += lesion.depth * lesion.contrast * (0.35 + 0.5 * clod.label) * clods * where


def lacunae(pigment: Pigment, lesion: Lesion, rng: Generator, shape: Shape) -> None:
    """Fill the lesion with red to purple lagoons between pale septa."""
    lagoon = _lattice(
        lesion, rng, shape, max(lesion.pitch * 1.6, lesion.radius * 0.32), jitter=0.9, bend=0.12
    )
    apart = smoothstep((lagoon.second - lagoon.nearest) / 0.3)
    fill = apart * smoothstep((0.68 - lagoon.nearest) / 0.65) * lagoon.label**1.5
    cover = shape.cover[lagoon.box]
    pigment.blood += 0.25 * shape.cover
    pigment.blood[lagoon.box] += cover * fill * (0.6 + 2.2 * lesion.depth)
    pigment.blue[lagoon.box] += 0.7 * cover * fill * (lagoon.label > 0.8)


def keratosis(pigment: Pigment, lesion: Lesion, rng: Generator, shape: Shape) -> None:
    """Set milia-like cysts and comedo-like openings into a waxy plaque with ridges."""
    size = shape.x.shape[0]
    spot = _lattice(lesion, rng, shape, lesion.pitch * 1.9, jitter=1.0)
    radius = 0.10 + 0.14 * (spot.label * 7.0 % 1.0)
    spots = smoothstep((radius - spot.nearest) / 0.16 + 0.5) * smoothstep(shape.inside[spot.box] * 4)
    pigment.veil[spot.box] = np.maximum(pigment.veil[spot.box], 0.45 * spots * (spot.label > 0.82))
    pigment.melanin[spot.box] += 1.1 * spots * (spot.label < 0.2)
    ridges = np.exp(-((field(rng, size, 0.8, coarse(lesion, 1.5), coarse(lesion, 6)) / 0.35) ** 2))
    pigment.melanin *= 1.0 + lesion.contrast * (0.35 * ridges - 0.12)


def parallel(pigment: Pigment, lesion: Lesion, rng: Generator, shape: Shape) -> None:
    """Lay the pigment in the parallel furrows of a palm or sole."""
    size = shape.x.shape[0]
    x, y = grid(size)
    angle = rng.uniform(0, np.pi)
    across = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle))
    phase = across / np.float32(lesion.pitch * 0.95) + 0.9 * field(rng, size, 1.8, 1.5, 24)
    lines = smoothstep(0.5 + 0.6 * np.cos(2 * np.pi * phase))
    breaks = smoothstep(0.9 + 0.7 * field(rng, size, 0.8, 5, 60))
    pigment.melanin *= 0.6 + 0.75 * lines * breaks


def vessels(pigment: Pigment, lesion: Lesion, rng: Generator, shape: Shape) -> None:
    """Branch sharp red vessels over a pink nodule."""
    strokes: list[Stroke] = []
    for _ in range(int(rng.integers(3, 8))):
        angle = rng.uniform(0, 2 * np.pi)
        root = (
            lesion.x + 0.95 * lesion.radius * np.cos(angle),
            lesion.y + 0.95 * lesion.radius * np.sin(angle),
        )
        trunk = curve(
            rng, root, angle + np.pi + rng.normal(0, 0.4), lesion.radius * rng.uniform(0.7, 1.5), 0.9
        )
        width = rng.uniform(0.003, 0.0065)
        strokes.append(tapered(trunk, width))
        for at in rng.integers(4, len(trunk) - 2, int(rng.integers(2, 6))):
            side = angle + np.pi + rng.choice([-1, 1]) * rng.uniform(0.4, 1.1)
            twig = curve(rng, tuple(trunk[at]), side, lesion.radius * rng.uniform(0.2, 0.6), 1.0, 16)
            strokes.append(tapered(twig, width * 0.55))
    pigment.blood += 0.45 * ink(strokes, shape.x.shape[0])
    pigment.blood += 0.22 * shape.cover * zone(lesion, rng, shape.x.shape[0], shape, -0.6, 2.0)


@dataclass(frozen=True)
class _Lattice:
    """Cellular noise over the box of the picture that the lesion covers; see ``noise.cells``."""

    box: tuple[slice, slice]
    nearest: Array
    second: Array
    label: Array


def _lattice(
    lesion: Lesion, rng: Generator, shape: Shape, pitch: float, jitter: float, bend: float = 0.3
) -> _Lattice:
    """Cover the lesion with cells ``pitch`` wide on a randomly turned lattice, bent so that no rows show."""
    size = shape.x.shape[0]
    turn, aspect = rng.uniform(0, np.pi), rng.uniform(0.85, 1.15)
    bends = [bend * field(rng, size, 1.1, 4, 0.6 / pitch) for _ in range(2)]
    box = _box(shape.cover)
    x, y = (axis[box] / np.float32(pitch) for axis in grid(size))
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u = (x * cos + y * sin) * np.float32(aspect) + bends[0][box]
    v = (y * cos - x * sin) / np.float32(aspect) + bends[1][box]
    return _Lattice(box, *cells(rng, u, v, jitter))


def _box(cover: Array) -> tuple[slice, slice]:
    """Return the rows and columns that the lesion touches."""
    rows, columns = (np.flatnonzero(cover.max(axis) > 0.004) for axis in (1, 0))
    if not len(rows):
        return slice(0, 1), slice(0, 1)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
