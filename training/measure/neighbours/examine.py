"""Samples and held-out reals, each with its nearest training images, compared and judged."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.measure.neighbours.nearest import MEASURES, Near, measure, nearest
from training.measure.neighbours.statistics import Comparison, compare_all, stands_out, suspicion
from training.measure.neighbours.verdict import Verdict, judge


@dataclass(frozen=True)
class Found:
    """An image's nearest by each measure, what it ``stands_out`` by, and its ``suspicion`` (0: a copy)."""

    nears: dict[str, Near]
    stands_out: list[str]
    suspicion: float


@dataclass(frozen=True)
class Examined:
    """Samples and held-outs in the order they were given in, the tests, and the verdict."""

    samples: list[Found]
    held_outs: list[Found]
    comparisons: list[Comparison]
    verdict: Verdict


def examine(
    samples: NDArray[np.uint8],
    held_outs: NDArray[np.uint8],
    pool: NDArray[np.uint8],
    lesions: NDArray[np.int64],
    own: NDArray[np.int64],
    advance: Callable[[int], None] = lambda done: None,
) -> Examined:
    """Compare ``samples`` and ``held_outs``, uint8 (N, R, R, 3), with the training images ``pool``.

    ``pool`` is uint8 (M, H, H, 3), H a multiple of R; ``lesions`` (M) numbers its lesions and ``own`` has
    the number of each held-out's, or -1; see ``nearest``.
    """
    everything = measure(np.concatenate([samples, held_outs]), pool, advance)
    left_out = np.concatenate([np.full(len(samples), -1), own])
    nears = {name: nearest(everything[name], lesions, left_out) for name in MEASURES}
    ours = {name: found[: len(samples)] for name, found in nears.items()}
    theirs = {name: found[len(samples) :] for name, found in nears.items()}
    comparisons = compare_all(ours, theirs)

    def found(place: int) -> Found:
        each = {name: nears[name][place] for name in MEASURES}
        return Found(each, stands_out(each, comparisons), suspicion(each, comparisons))

    rows = [found(place) for place in range(len(left_out))]
    mine = rows[: len(samples)]
    copies = sum("exact copy" in row.stands_out for row in mine)
    verdict = judge(comparisons, copies, sum(bool(row.stands_out) for row in mine))
    return Examined(mine, rows[len(samples) :], comparisons, verdict)
