"""How far raters agree with themselves: images that were shown to them a second time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.analysis.agreement.cells import NAMES
from backend.analysis.agreement.conger import conger_kappa
from backend.analysis.agreement.counts import MISSING
from backend.analysis.agreement.estimate import ROUNDING, Estimate
from backend.analysis.agreement.jackknife import NO_PAIR, Pairs, jackknifed
from backend.analysis.intervals import LEVEL, wilson
from backend.analysis.ratings.numbers import labels, numbers
from backend.analysis.ratings.rows import EVERYONE
from backend.analysis.ratings.table import RatingsTable


@dataclass(frozen=True)
class RaterRepeats:
    """A rater's answers to images that she was shown twice: at the first showing and at the second.

    Attributes
    ----------
    rater, group : str
        Who, and her group.
    repeated : int
        Images that she was shown twice.
    n : int
        Those that she answered at both showings; all that follows is of them.
    missing : int
        Those without an answer to one of the showings.
    same : int
        Answered alike.
    real_to_fake, fake_to_real : int
        Answered otherwise the second time: from what to what.
    agreement : float or None
        The share answered alike.
    agreement_ci_low, agreement_ci_high : float or None
        Its confidence interval (Wilson).
    kappa : float or None
        Cohen's kappa between the showings: 1 for the same answers, 0 for agreement as by chance.
    kappa_se : float or None
        Its standard error, over other images shown twice to her.
    kappa_ci_low, kappa_ci_high : float or None
        Its confidence interval (t).
    degenerate : str or None
        Why something is ``None``; ``None`` where all is defined.
    """

    rater: str
    group: str
    repeated: int
    n: int
    missing: int
    same: int
    real_to_fake: int
    fake_to_real: int
    agreement: float | None
    agreement_ci_low: float | None
    agreement_ci_high: float | None
    kappa: float | None
    kappa_se: float | None
    kappa_ci_low: float | None
    kappa_ci_high: float | None
    degenerate: str | None


@dataclass(frozen=True)
class GroupRepeats:
    """How far the raters of a group agree with themselves, taken together.

    Standard errors and intervals are for other raters: a jackknife over raters, with Student's t.

    Attributes
    ----------
    group : str
        A group, or ``all`` raters.
    raters : int
        Raters who answered an image at both showings.
    repeated, n, missing, same : int
        Sums over the raters.
    agreement : float or None
        The share answered alike, of all their pairs of answers.
    agreement_se, agreement_ci_low, agreement_ci_high : float or None
        Its standard error and confidence interval.
    kappa : float or None
        Kappa with each rater's own agreement by chance: the mean of the raters' kappas, each weighted by her
        number of pairs and by how much agreement chance leaves her.
    kappa_se, kappa_ci_low, kappa_ci_high : float or None
        Its standard error and confidence interval.
    degenerate : str or None
        Why something is ``None``; ``None`` where all is defined.
    """

    group: str
    raters: int
    repeated: int
    n: int
    missing: int
    same: int
    agreement: float | None
    agreement_se: float | None
    agreement_ci_low: float | None
    agreement_ci_high: float | None
    kappa: float | None
    kappa_se: float | None
    kappa_ci_low: float | None
    kappa_ci_high: float | None
    degenerate: str | None


def rater_repeats(table: RatingsTable, *, level: float = LEVEL) -> tuple[RaterRepeats, ...]:
    """Each rater's agreement with herself; none where no image was shown twice."""
    twice, second = _second(table)
    if not twice.any():
        return ()
    groups = table.rater_group
    found = []
    for rater, name in enumerate(table.raters):
        repeated, pairs = _pairs(table, second, twice & (table.rater == rater))
        found.append(_of_rater(name, table.groups[groups[rater]], repeated, pairs, level))
    return tuple(found)


def group_repeats(table: RatingsTable, *, level: float = LEVEL) -> tuple[GroupRepeats, ...]:
    """The raters of each group, and all, taken together; none where no image was shown twice."""
    twice, second = _second(table)
    if not twice.any():
        return ()
    of_rater = [_pairs(table, second, twice & (table.rater == rater)) for rater in range(len(table.raters))]
    return tuple(
        _of_group(group, [of_rater[rater] for rater in np.flatnonzero(table.members(group))], level)
        for group in (*table.groups, EVERYONE)
    )


def _second(table: RatingsTable) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
    """Which rows are of an image that was shown twice, and the answers at the second showing."""
    second = labels(table, "repeat_answer")
    return ~np.isnan(numbers(table, "repeat_position")) | (second != MISSING), second


def _pairs(table: RatingsTable, second: NDArray[np.int8], rows: NDArray[np.bool_]) -> tuple[int, Pairs]:
    """How many rows there are, and the pairs of answers of those that have both."""
    both = np.flatnonzero(rows & (table.answer != MISSING) & (second != MISSING))
    both = both[np.argsort(table.image[both])]  # so that the order of the rows changes no digit
    return int(rows.sum()), np.stack([table.answer[both], second[both]])


def _of_rater(rater: str, group: str, repeated: int, pairs: Pairs, level: float) -> RaterRepeats:
    n = pairs.shape[1]
    same = int((pairs[0] == pairs[1]).sum())
    found = conger_kappa(pairs, categories=NAMES) if n else Estimate(degenerate=NO_PAIR)
    low, high = wilson(same, n, level)
    kappa_low, kappa_high = found.interval(level)
    return RaterRepeats(
        rater=rater,
        group=group,
        repeated=repeated,
        n=n,
        missing=repeated - n,
        same=same,
        real_to_fake=int((pairs[0] > pairs[1]).sum()),
        fake_to_real=int((pairs[0] < pairs[1]).sum()),
        agreement=same / n if n else None,
        agreement_ci_low=low,
        agreement_ci_high=high,
        kappa=found.value,
        kappa_se=found.se,
        kappa_ci_low=kappa_low,
        kappa_ci_high=kappa_high,
        degenerate=found.degenerate,
    )


def _of_group(group: str, found: Sequence[tuple[int, Pairs]], level: float) -> GroupRepeats:
    answering = [pairs for _, pairs in found if pairs.shape[1]]
    agreement, agreement_se, agreement_ends, why = jackknifed(answering, _agreement, 0.0, level)
    kappa, kappa_se, kappa_ends, reason = jackknifed(answering, _kappa, -1.0, level)
    n = sum(pairs.shape[1] for pairs in answering)
    repeated = sum(count for count, _ in found)
    return GroupRepeats(
        group=group,
        raters=len(answering),
        repeated=repeated,
        n=n,
        missing=repeated - n,
        same=sum(int((pairs[0] == pairs[1]).sum()) for pairs in answering),
        agreement=agreement,
        agreement_se=agreement_se,
        agreement_ci_low=agreement_ends[0],
        agreement_ci_high=agreement_ends[1],
        kappa=kappa,
        kappa_se=kappa_se,
        kappa_ci_low=kappa_ends[0],
        kappa_ci_high=kappa_ends[1],
        degenerate=reason or why,
    )


def _agreement(raters: Sequence[Pairs]) -> float | None:
    n = sum(pairs.shape[1] for pairs in raters)
    return sum(int((pairs[0] == pairs[1]).sum()) for pairs in raters) / n


def _kappa(raters: Sequence[Pairs]) -> float | None:
    beyond = room = 0.0
    for pairs in raters:
        n, reals = pairs.shape[1], pairs.mean(axis=1)
        chance = reals[0] * reals[1] + (1 - reals[0]) * (1 - reals[1])
        beyond += n * (float((pairs[0] == pairs[1]).mean()) - chance)
        room += n * (1 - chance)
    return beyond / room if room > ROUNDING else None
