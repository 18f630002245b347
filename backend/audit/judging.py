"""Whether measured values tell fakes from reals: AUC, permutation tests, Holm's correction.

Direction-free: a value that is lower for fakes tells as much as one that is higher.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

MOST_CATEGORIES = 32
CHUNK = 256
RARE = "(rare)"

Truths = NDArray[np.bool_]
"""(permutations, images): which images count as fakes."""
Statistic = Callable[[Truths], NDArray[np.float64]]


@dataclass(frozen=True)
class Feature:
    """One value an image: numbers (``nan``: not measured), or the names of categories."""

    name: str
    values: Sequence[float] | Sequence[str]

    @property
    def constant(self) -> bool:
        """Whether all images have the same value."""
        return len({repr(value) for value in self.values}) == 1

    @property
    def categorical(self) -> bool:
        """Whether the values are names of categories."""
        return isinstance(self.values[0], str)


@dataclass(frozen=True)
class Judgement:
    """How well features tell fakes from reals: the AUC of each, and of all together a p-value.

    ``strongest`` is the place of the feature that stands out most from what chance does to it; none where all
    are constant.
    """

    auc: list[float]
    strongest: int | None
    p: float


def auc_of_numbers(values: Sequence[float]) -> Statistic:
    """The area under the ROC curve for many truths at once: (T, n) to (T,), ties counted half.

    It is Mann-Whitney's U over the number of pairs. What was not measured ties below everything else.
    """
    numbers = np.nan_to_num(np.asarray(values, float), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    ranks = rankdata(numbers)

    def auc(truths: Truths) -> NDArray[np.float64]:
        fakes = truths.sum(axis=1)
        reals = truths.shape[1] - fakes
        return (truths @ ranks - fakes * (fakes + 1) / 2) / (fakes * reals)

    return auc


def auc_of_categories(values: Sequence[str]) -> Statistic:
    """The AUC of a classifier by the categories' rates of fakes, on images that it did not learn from.

    Leave-pair-out (Airola et al. 2011, doi:10.1016/j.csda.2010.11.018): of every pair of a fake and a real,
    each is scored by its category's rate without the two, with one further image of the whole mix's rate; two
    of one category tie. Below 1/2 nothing was learned. What is alone in its category, or rarer than the
    commonest 31 categories, makes up one of its own.
    """
    labels, codes = np.unique(_grouped(values), return_inverse=True)
    member = np.eye(len(labels))[codes]
    sizes = member.sum(axis=0)

    def auc(truths: Truths) -> NDArray[np.float64]:
        fakes = truths @ member
        reals = sizes - fakes
        prior = truths.mean(axis=1, keepdims=True)
        of_fake, of_real = (fakes - 1 + prior) / sizes, (fakes + prior) / sizes
        gap = of_fake[:, :, None] - of_real[:, None, :]
        right = np.where(np.abs(gap) < 1e-12, 0.5, gap > 0)
        right[:, range(len(labels)), range(len(labels))] = 0.5
        pairs = np.einsum("ta,tab,tb->t", fakes, right, reals)
        return np.maximum(0.5, pairs / (fakes.sum(axis=1) * reals.sum(axis=1)))

    return auc


def judge(features: Sequence[Feature], fake: Truths, permutations: int, seed: int) -> Judgement:
    """Test the features of a channel together against permutations of truth; ``fake`` is (n,).

    Each AUC's distance from 1/2 is divided by its root mean square over all permutations, the true one among
    them, and the greatest over the features counts: p is the share of permutations in which that is as great
    as in truth (the truth counted, so p > 0). Valid for any number of features and any dependence of them.
    """
    varying = [place for place, feature in enumerate(features) if not feature.constant]
    auc = [0.5] * len(features)
    if not varying:
        return Judgement(auc, None, 1.0)
    statistics = [_statistic(features[place]) for place in varying]
    distances = np.concatenate(
        [
            np.stack([np.abs(statistic(truths) - 0.5) for statistic in statistics], axis=1)
            for truths in _permuted(fake, permutations, seed)
        ]
    )
    for place, distance in zip(varying, distances[0], strict=True):
        auc[place] = float(0.5 + distance)
    scale = np.sqrt(np.mean(distances**2, axis=0))
    relative = distances / np.where(scale > 0, scale, 1)
    greatest = relative.max(axis=1)
    p = float(np.mean(greatest >= greatest[0] - 1e-9))
    return Judgement(auc, varying[int(relative[0].argmax())], p)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number (Holm 1979): step down, never falling, at most 1."""
    order = np.argsort(p_values)
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for step, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - step) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def smallest_p(reals: int, fakes: int, permutations: int) -> float:
    """About the smallest p-value that any channel of a mix of this size can have."""
    return max(2 / comb(reals + fakes, fakes), 1 / (permutations + 1))


def _statistic(feature: Feature) -> Statistic:
    return (auc_of_categories if feature.categorical else auc_of_numbers)(feature.values)


def _permuted(fake: Truths, permutations: int, seed: int) -> Iterator[Truths]:
    """The truth, then permutations of it, in chunks."""
    random = np.random.default_rng(seed)
    yield fake[None]
    for start in range(0, permutations, CHUNK):
        count = min(CHUNK, permutations - start)
        yield random.permuted(np.tile(fake, (count, 1)), axis=1)


def _grouped(values: Sequence[str]) -> list[str]:
    counts = Counter(values).most_common(MOST_CATEGORIES - 1)
    kept = {value for value, count in counts if count > 1}
    return [value if value in kept else RARE for value in values]
