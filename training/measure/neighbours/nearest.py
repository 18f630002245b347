"""How far images are from each image of a dataset, as is or flipped, by two measures; and the nearest."""

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
class Pool:
    """What is compared with: the ``rows`` (M) of ``images``, uint8 (N, H, H, 3), and their ``lesions`` (M).

    The lesions are numbers, the same for images of one lesion.
    """

    images: NDArray[np.uint8]
    rows: NDArray[np.int64]
    lesions: NDArray[np.int64]


@dataclass(frozen=True)
class Distances:
    """Distances from Q images to M: ``values`` float64 (Q, M), each the smallest of those of all flips.

    ``mirrored`` (Q, M) says where the image is flipped left to right to be the nearest, ``flipped`` where
    top to bottom; both together turn it by 180 degrees.
    """

    values: NDArray[np.float64]
    mirrored: NDArray[np.bool_]
    flipped: NDArray[np.bool_]


@dataclass(frozen=True)
class Near:
    """The images of a dataset nearest to one image, at most ``KEPT``, nearest first, by their rows in it.

    ``ratio`` is the distance to the first over the mean distance to the next ``KEPT`` - 1 of other lesions
    than the first's: near 1 for an image among many of its like, near 0 for a copy of one of them, whatever
    the scale of the distances.
    """

    rows: tuple[int, ...]
    distances: tuple[float, ...]
    mirrored: tuple[bool, ...]
    flipped: tuple[bool, ...]
    ratio: float

    @property
    def distance(self) -> float:
        """The distance to the nearest."""
        return self.distances[0]


def measure(
    images: NDArray[np.uint8],
    pool: Pool,
    *,
    flip_vertical: bool = False,
    advance: Callable[[int], None] = lambda done: None,
) -> dict[str, Distances]:
    """Compare uint8 (Q, R, R, 3) with every image of ``pool``, reduced to R x R.

    ``pixels`` is the root mean square of the differences of all pixels' RGB levels (0..255), exact: 0 means
    the same pixels. ``perceptual`` is the distance of the images' descriptions, 0 to 2; see ``perceptual``.
    Training may show images flipped, hence the comparison with those mirrored left to right, and with
    ``flip_vertical`` also with those flipped top to bottom, and both. The pool is read once, a chunk at a
    time, and ``advance`` told of it.
    """
    queries = np.concatenate(_flips(images, flip_vertical=flip_vertical))
    squares = np.empty((len(queries), len(pool.rows)))
    described = []
    chunk = max(1, CHUNK_BYTES // pool.images[0].nbytes)
    for start in range(0, len(pool.rows), chunk):
        part = at_resolution(pool.images[pool.rows[start : start + chunk]], images.shape[1])
        squares[:, start : start + chunk] = _squared(queries, part)
        described.append(describe(part))
        advance(len(part))
    pixels = np.sqrt(squares / images[0].size)
    own = np.concatenate([describe(queries[at : at + chunk]) for at in range(0, len(queries), chunk)])
    perceptual = _euclidean(own, np.concatenate(described))
    perceptual[squares == 0] = 0  # what rounding leaves between two descriptions of the same pixels
    return {
        "pixels": _nearest_flip(pixels, len(images)),
        "perceptual": _nearest_flip(perceptual, len(images)),
    }


def _flips(images: NDArray[np.uint8], *, flip_vertical: bool) -> list[NDArray[np.uint8]]:
    """The images as they are and flipped, in the order that ``_nearest_flip`` expects."""
    mirrored = [images, images[:, :, ::-1]]
    return [*mirrored, *(each[:, ::-1] for each in mirrored)] if flip_vertical else mirrored


def _nearest_flip(values: NDArray[np.float64], images: int) -> Distances:
    """Fold the distances of the images and, below them, of their flips into one."""
    each = values.reshape(-1, images, values.shape[1])
    flip = each.argmin(0)  # the first of equals: an image as it is goes before its flips
    return Distances(each.min(0), flip % 2 == 1, flip >= 2)


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


def nearest(found: Distances, pool: Pool, own: NDArray[np.int64]) -> list[Near]:
    """Pick the nearest of the pool's images for each of Q, leaving out those of its own lesion.

    ``own`` (Q) has the number of each image's own lesion in the pool, or -1. Raises ``UserError`` where
    images of fewer than two lesions are left to compare with.
    """
    nears, lesions = [], pool.lesions
    for values, mirrored, flipped, lesion in zip(
        found.values, found.mirrored, found.flipped, own, strict=True
    ):
        order = np.argsort(values, kind="stable")
        order = order[lesions[order] != lesion]
        others = order[lesions[order] != lesions[order[0]]][: KEPT - 1] if len(order) else order
        if not len(others):
            raise UserError("the nearest images need training images of at least three lesions.")
        first, rest = float(values[order[0]]), float(values[others].mean())
        kept = order[:KEPT]
        nears.append(
            Near(
                rows=tuple(pool.rows[kept].tolist()),
                distances=tuple(values[kept].tolist()),
                mirrored=tuple(mirrored[kept].tolist()),
                flipped=tuple(flipped[kept].tolist()),
                ratio=first / rest if rest else 1.0,
            )
        )
    return nears
