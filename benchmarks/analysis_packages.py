"""The same statistics by statsmodels and `krippendorff`: values side by side, and times."""

import warnings
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from backend.analysis.agreement import category_counts, fleiss_kappa, krippendorff_alpha, light_kappa
from backend.analysis.groups.mixed import fit_mixed
from benchmarks.analysis_speed import LARGE, MANY, RESAMPLES, RUNS, SMALL, Ratings, Times, alone, drawn

PAIRS, TABLES = 200, 500
"""Pairs of raters, and resampled tables, of which the time of all is told."""
MISSING = 0.05
Work = Callable[[], float]


def print_packages(seed: int) -> None:
    """A table of values on the same data, and one of times."""
    print("\n| value on the same data | DermVTT | the other package |\n|---|---|---|")
    for shape in (SMALL, LARGE):
        for missing in (0.0, MISSING):
            ratings = drawn(shape, missing, seed)
            where = f"{shape[0]:,} x {shape[1]:,}, {100 * missing:g} % missing"
            for what, ours, theirs in values(ratings):
                print(f"| {what}; {where} | {said(ours)} | {said(theirs)} |", flush=True)
    ours, theirs = mixed(drawn(SMALL, 0.0, seed))
    what = "standard error of a mixed model's intercept (`BinomialBayesMixedGLM`); 8 x 80"
    print(f"| {what} | {ours:.4f} | {theirs:.4f} |")
    print("\n| the same work | DermVTT | the other package |\n|---|---|---|")
    for name, ours, theirs in alone(times, seed):
        print(f"| {name} | {ours} | {theirs} |", flush=True)


def said(work: Work) -> str:
    """A value, or how it failed."""
    try:
        return f"{work():.6f}"
    except Exception as error:  # whatever a package does
        return f"fails ({type(error).__name__})"


def values(ratings: Ratings) -> Iterator[tuple[str, Work, Work]]:
    """Each statistic by either; counts of missing ratings are refused, so NaN is what a user would try."""
    counts = category_counts(ratings)
    complete = (ratings >= 0).all()
    yield (
        "Fleiss' kappa (`fleiss_kappa` of counts)",
        lambda: fleiss_kappa(counts).value,
        lambda: fleiss(counts),
    )
    if not complete:
        name = "Fleiss' kappa (`fleiss_kappa` of `aggregate_raters`, NaN for missing)"
        yield name, lambda: fleiss_kappa(counts).value, lambda: fleiss(aggregated(ratings))
    yield (
        "Krippendorff's alpha (`krippendorff`)",
        lambda: krippendorff_alpha(counts).value,
        lambda: alpha(ratings),
    )
    if len(ratings) <= SMALL[0]:
        name = "Light's kappa (`cohens_kappa` of all pairs)"
        yield name, lambda: light_kappa(ratings).value, lambda: light(ratings)


def times(seed: int) -> list[tuple[str, Times, str]]:
    """The time of each statistic by either; what would take too long is told from a part."""
    ratings, small = drawn(LARGE, 0.0, seed), category_counts(drawn(SMALL, 0.0, seed))
    counts = category_counts(ratings)
    pairs = list(combinations(range(len(ratings)), 2))
    random = np.random.default_rng(seed)

    def some_pairs() -> None:
        for g, h in pairs[:PAIRS]:
            cohen(ratings[g], ratings[h])

    def some_tables() -> None:
        for _ in range(TABLES):
            fleiss(small[random.integers(0, len(small), len(small))])

    from backend.analysis.agreement import bootstrap_kappa  # noqa: PLC0415 - imported where it is timed

    return [
        (
            "Fleiss' kappa of counts, 1,000 x 1,000 (`fleiss_kappa`)",
            Times.of(lambda: fleiss_kappa(counts), MANY),
            str(Times.of(lambda: fleiss(counts), MANY)),
        ),
        (
            "Fleiss' kappa from ratings, 1,000 x 1,000 (`aggregate_raters`, `fleiss_kappa`)",
            Times.of(lambda: fleiss_kappa(category_counts(ratings))),
            str(Times.of(lambda: fleiss(aggregated(ratings)))),
        ),
        (
            "Krippendorff's alpha, 1,000 x 1,000 (`krippendorff`)",
            Times.of(lambda: krippendorff_alpha(category_counts(ratings))),
            str(Times.of(lambda: alpha(ratings))),
        ),
        (
            f"Light's kappa, 1,000 x 1,000 (`cohens_kappa`, {PAIRS} times {len(pairs) / PAIRS:,.0f})",
            Times.of(lambda: light_kappa(ratings)),
            scaled(Times.of(some_pairs, RUNS), len(pairs) / PAIRS),
        ),
        (
            f"10,000 resamples of kappa, 8 x 80 (`fleiss_kappa`, {TABLES} times {RESAMPLES // TABLES})",
            Times.of(lambda: bootstrap_kappa(small, resamples=RESAMPLES), MANY),
            scaled(Times.of(some_tables, RUNS), RESAMPLES / TABLES),
        ),
    ]


def scaled(found: Times, factor: float) -> str:
    """The time of all, from that of a part."""
    return str(Times(tuple(factor * seconds for seconds in found.runs)))


def fleiss(counts: NDArray) -> float:
    """statsmodels' Fleiss' kappa."""
    from statsmodels.stats.inter_rater import fleiss_kappa as theirs  # noqa: PLC0415 - takes a second

    return float(theirs(counts))


def aggregated(ratings: Ratings) -> NDArray:
    """statsmodels' counts, with NaN for a missing rating."""
    from statsmodels.stats.inter_rater import aggregate_raters  # noqa: PLC0415

    return aggregate_raters(with_nan(ratings).T)[0]


def alpha(ratings: Ratings) -> float:
    """The package krippendorff's alpha."""
    from krippendorff import alpha as theirs  # noqa: PLC0415

    return float(theirs(reliability_data=with_nan(ratings), level_of_measurement="nominal"))


def light(ratings: Ratings) -> float:
    """The mean of statsmodels' Cohen's kappas, each of the images that both answered."""
    kappas = []
    for g, h in combinations(ratings, 2):
        both = (g >= 0) & (h >= 0)
        kappas.append(cohen(g[both], h[both]))
    return float(np.mean(kappas))


def cohen(first: NDArray, second: NDArray) -> float:
    """statsmodels' Cohen's kappa."""
    from statsmodels.stats.inter_rater import cohens_kappa  # noqa: PLC0415

    table = np.bincount(2 * first.astype(np.int64) + second, minlength=4).reshape(2, 2)
    return float(cohens_kappa(table, return_results=False))


def with_nan(ratings: Ratings) -> NDArray[np.float64]:
    """The ratings with NaN for a missing one."""
    return np.where(ratings < 0, np.nan, ratings)


def mixed(ratings: Ratings) -> tuple[float, float]:
    """The standard error of the log-odds of "real" by either."""
    from benchmarks.coverage.models import variational  # noqa: PLC0415

    rater, image = np.indices(ratings.shape).reshape(2, -1)
    fit = fit_mixed(ratings.ravel(), np.ones(ratings.size), rater, image)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(fit.se[0]), variational(ratings)[1]
