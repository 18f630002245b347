"""Are samples nearer to training images than real images are that training never saw?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from training.measure.neighbours.nearest import MEASURES, Near

QUANTITIES = ("distance", "ratio")
LEVEL = 0.05
"""The chance of a false alarm that the verdict accepts, shared among the tests that it rests on."""


@dataclass(frozen=True)
class Comparison:
    """``samples`` numbers of one kind against ``held_outs``; both p values are one-sided: samples smaller.

    ``probability`` is that of a random sample's number being smaller than a random held-out real's, ties
    counted half, and ``p`` the Mann-Whitney U test's of it being a half (``u`` = probability x samples x
    held-outs): the statistic of the data-copying test of Meehan, Chaudhuri & Dasgupta (2020, "A
    non-parametric test to detect data-copying in generative models"), over the whole space at once.

    That test sees a general tendency; the second sees a few copies among many honest samples. ``below``
    samples are smaller than ``threshold``, the held-outs' smallest but ``rank`` - 1 (the smallest hundredth).
    If samples and held-outs were alike, ``expected`` would be, and so many or more with probability
    ``p_below`` (a precedence test, Nelson 1963; exact, from the negative hypergeometric distribution).
    """

    measure: str
    quantity: str
    samples: int
    held_outs: int
    probability: float
    u: float
    p: float
    rank: int
    threshold: float
    below: int
    expected: float
    p_below: float


def compare(measure: str, quantity: str, samples: Sequence[float], held_outs: Sequence[float]) -> Comparison:
    """Test whether ``samples`` tend to be smaller than ``held_outs``, or a few of them are."""
    ours, theirs = np.asarray(samples), np.sort(held_outs)
    n, m = len(ours), len(theirs)
    test = stats.mannwhitneyu(ours, theirs, alternative="less")
    u = n * m - float(test.statistic)
    rank = max(1, m // 100)
    threshold = float(theirs[rank - 1])
    below = int((ours < threshold).sum())
    return Comparison(
        measure=measure,
        quantity=quantity,
        samples=n,
        held_outs=m,
        probability=u / (n * m),
        u=u,
        p=float(test.pvalue),
        rank=rank,
        threshold=threshold,
        below=below,
        expected=n * rank / (m + 1),
        p_below=min(1.0, float(stats.nhypergeom(n + m, n, rank).sf(below - 1))),
    )


Nears = dict[str, list[Near]]
"""By measure, the nearest of each image."""


def compare_all(samples: Nears, held_outs: Nears) -> list[Comparison]:
    """Both measures' distances and ratios compared."""
    return [
        compare(measure, quantity, numbers(samples[measure], quantity), numbers(held_outs[measure], quantity))
        for measure in MEASURES
        for quantity in QUANTITIES
    ]


def numbers(nears: list[Near], quantity: str) -> NDArray[np.float64]:
    """The distances or the ratios."""
    return np.array([getattr(near, quantity) for near in nears])


def stands_out(nears: dict[str, Near], comparisons: list[Comparison]) -> list[str]:
    """Name what one image is remarkable for: a number below its threshold, or being a copy."""
    found = [
        f"{each.measure} {each.quantity}"
        for each in comparisons
        if getattr(nears[each.measure], each.quantity) < each.threshold
    ]
    return ["exact copy", *found] if nears["pixels"].distance == 0 else found


def suspicion(nears: dict[str, Near], comparisons: list[Comparison]) -> float:
    """Order images by this, the most suspicious first: their smallest ratio, as a part of its threshold."""
    ratios = [each for each in comparisons if each.quantity == "ratio"]
    return min(nears[each.measure].ratio / (each.threshold or 1.0) for each in ratios)
