"""Samples and held-out reals, each with its nearest training images, compared and judged."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.measure.neighbours.nearest import MEASURES, Near, Pool, measure, nearest
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
    pool: Pool,
    own: NDArray[np.int64],
    *,
    flip_vertical: bool = False,
    advance: Callable[[int], None] = lambda done: None,
) -> Examined:
    """Compare ``samples`` and ``held_outs``, uint8 (N, R, R, 3), with the training images ``pool``.

    The pool's images must be reducible to R x R; ``own`` has the number of each held-out's lesion in the
    pool, or -1. ``flip_vertical`` says whether training flipped images top to bottom; see ``measure``.
    """
    queries = np.concatenate([samples, held_outs])
    everything = measure(queries, pool, flip_vertical=flip_vertical, advance=advance)
    left_out = np.concatenate([np.full(len(samples), -1), own])
    nears = {name: nearest(everything[name], pool, left_out) for name in MEASURES}
    ours = {name: found[: len(samples)] for name, found in nears.items()}
    theirs = {name: found[len(samples) :] for name, found in nears.items()}
    comparisons = compare_all(ours, theirs)

    def found(place: int) -> Found:
        each = {name: nears[name][place] for name in MEASURES}
        return Found(each, stands_out(each, comparisons), suspicion(each, comparisons))

    rows = [found(place) for place in range(len(left_out))]
    mine = rows[: len(samples)]
    copies = sum("exact copy" in row.stands_out for row in mine)
    standing_out = sum(bool(row.stands_out) for row in mine)
    verdict = judge(comparisons, copies, standing_out, flip_vertical=flip_vertical)
    return Examined(mine, rows[len(samples) :], comparisons, verdict)
