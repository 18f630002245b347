"""Patches of every level of the images' pyramids: what the SWD compares."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import sqrt
from queue import SimpleQueue

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from training.measure.pyramid import Pyramid, levels_of
from training.parallel import AHEAD, cores
from training.progress import Advance

SIDE = 7
"""Width and height of a patch, in pixels."""
PER_IMAGE = 128
VALUES = 3 * SIDE * SIDE
BYTES_PER_PATCH = VALUES * 2
AT_A_TIME = 4
"""Images that a thread takes apart at a time: few enough for the processor's cache."""


@dataclass(frozen=True)
class Patches:
    """The patches of one level: int16 (n, 147), channel by channel, in 1/128 of a grey level.

    ``values`` is an array, or a tensor on another device. ``mean`` and ``std``, float64 (3,), are each
    channel's, over all pixels of all patches and in the same unit.
    """

    values: NDArray[np.int16]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]


def draw_places(resolution: int, images: int, seed: int, side: int) -> list[NDArray[np.int16]]:
    """Draw where patches begin, each place as likely: of each level int16 (images, 128, 2), row and column.

    ``side`` is 0 or 1: each of the two sets that are compared has places of its own.
    """
    random = np.random.default_rng([seed, side])
    shape = (images, PER_IMAGE, 2)
    return [random.integers(0, level - SIDE + 1, shape, np.int16) for level in levels_of(resolution)]


def collect(
    chunks: Iterator[NDArray[np.uint8]], places: list[list[NDArray[np.int16]]], advance: Advance
) -> list[list[Patches]]:
    """Take patches from images: of each draw of ``places`` every level's, finest first.

    The images come in chunks, uint8 (m, R, R, 3), and are taken apart by as many threads as there are cores.
    """
    stores = [[_Store(level) for level in draw] for draw in places]
    pyramids: SimpleQueue[Pyramid] = SimpleQueue()
    pending: deque[Future[int]] = deque()
    workers, begun = cores(), 0
    with ThreadPoolExecutor(workers) as pool:
        for chunk in chunks:
            if not begun:
                for _ in range(workers):
                    pyramids.put(Pyramid(chunk.shape[1], AT_A_TIME))
            pending.append(pool.submit(_take_apart, chunk, begun, pyramids, stores))
            begun += len(chunk)
            if len(pending) >= workers * AHEAD:
                advance(pending.popleft().result())
        for task in pending:
            advance(task.result())
    return [[store.patches() for store in draw] for draw in stores]


def spread_of(count: int, sums: NDArray[np.int64], squares: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
    """Mean and standard deviation, float64 (3,), from each channel's count, sum and sum of squares."""
    pairs = [(int(total), int(square)) for total, square in zip(sums, squares, strict=True)]
    # Python's whole numbers: the difference of two large ones would overflow, or lose digits.
    std = [sqrt(square * count - total * total) / count for total, square in pairs]
    return np.array([total / count for total, _ in pairs]), np.array(std)


def _take_apart(
    images: NDArray[np.uint8], begin: int, pyramids: SimpleQueue[Pyramid], stores: "list[list[_Store]]"
) -> int:
    pyramid = pyramids.get()
    try:
        for start in range(0, len(images), AT_A_TIME):
            levels = pyramid.take_apart(images[start : start + AT_A_TIME])
            for number, level in enumerate(levels):
                windows = sliding_window_view(level, (SIDE, SIDE), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5)
                for draw in stores:
                    draw[number].put(begin + start, windows)
    finally:
        pyramids.put(pyramid)
    return len(images)


class _Store:
    """One level's patches as they come in, from several threads at once."""

    def __init__(self, places: NDArray[np.int16]) -> None:
        self._places = places
        self._values = np.empty((len(places), PER_IMAGE, VALUES), np.int16)
        self._sums = np.zeros((2, len(places), VALUES), np.int64)

    def put(self, begin: int, windows: NDArray[np.int16]) -> None:
        """Keep patches of the images from number ``begin`` on, out of all: (n, rows, columns, 3, 7, 7)."""
        images = slice(begin, begin + len(windows))
        rows, columns = np.moveaxis(self._places[images], 2, 0).astype(np.intp)
        values = self._values[images]
        values[:] = windows[np.arange(len(windows))[:, None], rows, columns].reshape(values.shape)
        exact = values.astype(np.float64)  # whole numbers below 2^53
        self._sums[0, images] = exact.sum(1)
        self._sums[1, images] = np.einsum("ijk,ijk->ik", exact, exact)

    def patches(self) -> Patches:
        channels = self._sums.sum(1).reshape(2, 3, -1).sum(2)
        mean, std = spread_of(self._values.size // 3, *channels)
        return Patches(self._values.reshape(-1, VALUES), mean, std)
