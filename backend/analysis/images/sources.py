"""How convincing each generator's fakes are, where several were shown among the same reals."""

from collections import ChainMap
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.analysis.groups.crossed import crossed_mean
from backend.analysis.groups.crossed_estimate import CrossedEstimate
from backend.analysis.groups.scores import Floats, correctness, measured
from backend.analysis.images.detection import mean_d_prime
from backend.analysis.images.kinds import Mask, texts_of_images
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings.rows import EVERYONE
from backend.analysis.ratings.table import RatingsTable

NO_SOURCE = "no source was recorded for any fake: generators cannot be told apart"


@dataclass(frozen=True)
class GeneratorResult:
    """One generator's fakes as a group of raters took them, beside the reals of the same study.

    Each rater counts the same. Intervals are for other raters and other images, as those of groups' rates are
    (``crossed_mean``); of d' the t interval, ``mean_d_prime``.

    Attributes
    ----------
    source : str or None
        The family of the generator; ``None`` where none was recorded.
    group : str
        A group, or ``all`` raters.
    images : int
        Its fakes that were answered.
    raters : int
        Raters with an answer to one of them.
    n : int
        Answers to them.
    missing : int
        Times that one was shown and not answered.
    called_real : int
        Answers that took one for real.
    fpr : float or None
        How often they are taken for real: the mean over raters of each rater's share.
    fpr_se : float or None
        Its standard error.
    fpr_ci_low, fpr_ci_high : float or None
        Its interval.
    tnr, tnr_se, tnr_ci_low, tnr_ci_high : float or None
        One minus the FPR.
    reals : int
        Real images that were answered.
    tpr, tpr_se, tpr_ci_low, tpr_ci_high : float or None
        How often reals are taken for real.
    balanced_accuracy : float or None
        Mean over raters of (TPR + TNR) / 2; 1/2 where these fakes pass like reals.
    balanced_accuracy_se, balanced_accuracy_ci_low, balanced_accuracy_ci_high : float or None
        Of it.
    d_prime : float or None
        Mean over raters of z(TPR) - z(FPR), log-linear correction; 0 where these fakes pass like
        reals.
    d_prime_se, d_prime_ci_low, d_prime_ci_high : float or None
        Of it.
    degenerate : str or None
        Why something is ``None``; ``None`` where all is defined.
    """

    source: str | None
    group: str
    images: int
    raters: int
    n: int
    missing: int
    called_real: int
    fpr: float | None
    fpr_se: float | None
    fpr_ci_low: float | None
    fpr_ci_high: float | None
    tnr: float | None
    tnr_se: float | None
    tnr_ci_low: float | None
    tnr_ci_high: float | None
    reals: int
    tpr: float | None
    tpr_se: float | None
    tpr_ci_low: float | None
    tpr_ci_high: float | None
    balanced_accuracy: float | None
    balanced_accuracy_se: float | None
    balanced_accuracy_ci_low: float | None
    balanced_accuracy_ci_high: float | None
    d_prime: float | None
    d_prime_se: float | None
    d_prime_ci_low: float | None
    d_prime_ci_high: float | None
    degenerate: str | None


def generator_results(table: RatingsTable, *, level: float = LEVEL) -> tuple[GeneratorResult, ...]:
    """Every generator for every group and then ``all``; generators by name.

    A fake without a source is left out. Without any source there is one row a group, of all fakes together,
    whose ``source`` is ``None`` and whose ``degenerate`` says so.

    Raises
    ------
    RatingsError
        Where an image has two different sources.

    Examples
    --------
    >>> from backend.analysis.ratings import RatingRow
    >>> images = {"a": "pgan", "b": "pgan", "c": "dcgan", "d": "dcgan", "e": "real", "f": "real"}
    >>> rows = [
    ...     RatingRow(rater, "ED", image, "real" if source == "real" else "fake", answer, source=source)
    ...     for rater, called_real in {"A": "abdef", "B": "aef"}.items()
    ...     for image, source in images.items()
    ...     for answer in ["real" if image in called_real else "fake"]
    ... ]
    >>> [(r.source, r.fpr, r.balanced_accuracy) for r in generator_results(RatingsTable.from_rows(rows))[:2]]
    [('dcgan', 0.25, 0.875), ('pgan', 0.75, 0.625)]
    """
    fakes = fakes_by_source(table) or {None: table.truths == 0}
    return tuple(
        _generator(table, source, images, group, level)
        for group in (*table.groups, EVERYONE)
        for source, images in fakes.items()
        if images.any()
    )


def fakes_by_source(table: RatingsTable) -> dict[str, Mask]:
    """Which of ``table.images`` are whose, by the generator's name; empty where no fake has a source."""
    sources = np.array(texts_of_images(table, "source"))
    fake = table.truths == 0
    return {str(name): fake & (sources == name) for name in np.unique(sources[fake]) if name}


def _generator(
    table: RatingsTable, source: str | None, images: Mask, group: str, level: float
) -> GeneratorResult:
    members = table.members(group)
    shown = members[table.rater] & images[table.image]
    right = np.where((table.truths == 1) | images, correctness(table)[members], np.nan)
    answered, wrong = ~np.isnan(right), right == 0
    found = {
        name: _estimate(right, table.truths, name) for name in ("fpr", "tnr", "tpr", "balanced_accuracy")
    }
    found["d_prime"] = mean_d_prime(right, table.truths)
    reasons = list(_reasons(source, found))
    return GeneratorResult(
        source=source,
        group=group,
        images=int((answered & images).any(axis=0).sum()),
        raters=int((answered & images).any(axis=1).sum()),
        n=int((answered & images).sum()),
        missing=int(np.count_nonzero(shown & (table.answer < 0))),
        called_real=int((wrong & images).sum()),
        reals=int((answered & ~images).any(axis=0).sum()),
        degenerate="; ".join(reasons) or None,
        **ChainMap(*(_fields(name, one, level) for name, one in found.items())),
    )


def _estimate(right: Floats, truths: NDArray[np.int8], measure: str) -> CrossedEstimate:
    scores, weights = measured(right, truths, measure)
    return crossed_mean(scores, weights, truths)


def _reasons(source: str | None, found: dict[str, CrossedEstimate]) -> Iterator[str]:
    """Each reason once, with the statistics that it concerns."""
    if source is None:
        yield NO_SOURCE
    reasons = {name: one.degenerate for name, one in found.items() if one.degenerate}
    for reason in dict.fromkeys(reasons.values()):
        yield f"{reason} ({', '.join(name for name, its in reasons.items() if its == reason)})"


def _fields(name: str, found: CrossedEstimate, level: float) -> dict[str, float | None]:
    low, high = found.interval(level)
    return {name: found.value, f"{name}_se": found.se, f"{name}_ci_low": low, f"{name}_ci_high": high}
