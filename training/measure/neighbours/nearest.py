"""How far images are from each image of a dataset, as is or mirrored, by two measures; and the nearest."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.dataset import at_resolution
from training.errors import UserError
from training.measure.neighbours.perceptual import describe

CHUNK_BYTES = 1 << 25
"""So many bytes of full-size images are read at a time."""
EXACT = 1024
"""Sums of so many products of numbers within -128..127 stay below 2^24, and so exact in float32."""

MEASURES = ("pixels", "perceptual")
KEPT = 10
"""So many nearest images are kept; the ratio compares the first of them with the others."""


@dataclass(frozen=True)
class Distances:
    """Distances from Q images to M: ``values`` float64 (Q, M), each the smaller of two, as is and mirrored.

    ``mirrored`` (Q, M) says where the mirrored image was the nearer.
    """

    values: NDArray[np.float64]
    mirrored: NDArray[np.bool_]


@dataclass(frozen=True)
class Near:
    """The images of a dataset nearest to one image, at most ``KEPT``, nearest first.

    ``ratio`` is the distance to the first over the mean distance to the next ``KEPT`` - 1 of other lesions
    than the first's: near 1 for an image among many of its like, near 0 for a copy of one of them, whatever
    the scale of the distances.
    """

    rows: tuple[int, ...]
    distances: tuple[float, ...]
    mirrored: tuple[bool, ...]
    ratio: float

    @property
    def distance(self) -> float:
        """The distance to the nearest."""
        return self.distances[0]


def measure(
    images: NDArray[np.uint8], pool: NDArray[np.uint8], advance: Callable[[int], None] = lambda done: None
) -> dict[str, "Distances"]:
    """Compare uint8 (Q, R, R, 3) with every image of ``pool``, uint8 (M, H, H, 3), reduced to R x R.

    ``pixels`` is the root mean square of the differences of all pixels' RGB levels (0..255), exact: 0 means
    the same pixels. ``perceptual`` is the distance of the images' descriptions, 0 to 2; see ``perceptual``.
    Training shows images mirrored, too, hence the mirrored comparison. The pool is read once, a chunk at a
    time, and ``advance`` told of it.
    """
    queries = np.concatenate([images, images[:, :, ::-1]])
    squares = np.empty((len(queries), len(pool)))
    described = []
    chunk = max(1, CHUNK_BYTES // pool[0].nbytes)
    for start in range(0, len(pool), chunk):
        part = at_resolution(pool[start : start + chunk], images.shape[1])
        squares[:, start : start + chunk] = _squared(queries, part)
        described.append(describe(part))
        advance(len(part))
    pixels = np.sqrt(squares / images[0].size)
    own = np.concatenate([describe(queries[at : at + chunk]) for at in range(0, len(queries), chunk)])
    perceptual = _euclidean(own, np.concatenate(described))
    perceptual[squares == 0] = 0  # what rounding leaves between two descriptions of the same pixels
    return {"pixels": _nearer(pixels), "perceptual": _nearer(perceptual)}


def _squared(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Exact squared distances of all pairs of uint8 images, (A, ...) and (B, ...): float64 (A, B).

    By |a|^2 + |b|^2 - 2ab, whose cancellation is harmless only because every term is a whole number without
    rounding: float32 multiplies matrices twice as fast as float64, in pieces short enough to be exact.
    """
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    total = np.zeros((len(a), len(b)))
    for start in range(0, a.shape[1], EXACT):
        x, y = (each[:, start : start + EXACT].astype(np.float32) - 128 for each in (a, b))
        total -= 2.0 * (x @ y.T)
        total += np.square(x).sum(1)[:, None]
        total += np.square(y).sum(1)
    return total


def _euclidean(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    a, b = a.astype(np.float64), b.astype(np.float64)
    squares = np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * (a @ b.T)
    return np.sqrt(np.maximum(squares, 0))


def _nearer(values: NDArray[np.float64]) -> Distances:
    """Fold the distances of the images and, below them, of their mirror images into one."""
    plain, mirrored = np.split(values, 2)
    return Distances(np.minimum(plain, mirrored), mirrored < plain)


def nearest(found: Distances, lesions: NDArray[np.int64], own: NDArray[np.int64]) -> list[Near]:
    """Pick the nearest of M images for each of Q, leaving out those of its own lesion.

    ``lesions`` (M) has the number of each of the dataset's images' lesion, ``own`` (Q) that of each image's
    own, or -1. Raises ``UserError`` where images of fewer than two lesions are left to compare with.
    """
    nears = []
    for values, mirrored, lesion in zip(found.values, found.mirrored, own, strict=True):
        order = np.argsort(values, kind="stable")
        order = order[lesions[order] != lesion]
        others = order[lesions[order] != lesions[order[0]]][: KEPT - 1] if len(order) else order
        if not len(others):
            raise UserError("the nearest images need a dataset of at least three lesions.")
        first, rest = float(values[order[0]]), float(values[others].mean())
        kept = order[:KEPT]
        nears.append(
            Near(
                rows=tuple(kept.tolist()),
                distances=tuple(values[kept].tolist()),
                mirrored=tuple(mirrored[kept].tolist()),
                ratio=first / rest if rest else 1.0,
            )
        )
    return nears
