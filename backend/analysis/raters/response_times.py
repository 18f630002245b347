"""How long each rater took, and whether wrong answers took longer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.analysis.intervals import LEVEL
from backend.analysis.multiplicity import holm
from backend.analysis.raters.auc import area
from backend.analysis.raters.columns import Columns
from backend.analysis.raters.counts import rows_by_rater
from backend.analysis.raters.mann_whitney import mann_whitney_p
from backend.analysis.raters.roc import tally
from backend.analysis.ratings import RatingsTable
from backend.analysis.ratings.numbers import labels, numbers

QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class ResponseTimes:
    """A rater's response times, in milliseconds, and their relation to being right.

    A response time is that of the *first* answer to an image, so it is that answer whose correctness counts
    here: ``first_answer`` where it is given, else ``answer``. ``blank_as_error`` makes no difference.

    The relation is described and tested by ranks, as response times are skewed and have stragglers that no
    mean survives. The Mann-Whitney test asks whether there is any relation at all: without one both kinds of
    answers take equally long, and it is valid for however few wrong answers, exact for the fewest. That wrong
    answers tend to be the slower (or faster) ones is for ``response_wrong_slower`` and its interval to say,
    which holds also where the one kind scatters more. Hard images both take longer and are missed more often,
    so a relation is no proof that haste or doubt caused the errors.

    Attributes
    ----------
    response_n : int
        Answers with a response time.
    median_response_ms : float or None
        Median response time.
    q1_response_ms, q3_response_ms : float or None
        Quartiles of the response times, by linear interpolation (Hyndman & Fan 1996, type 7).
    median_response_ms_correct, median_response_ms_wrong : float or None
        Median response times of right and of wrong first answers.
    response_wrong_slower : float or None
        How often a wrong answer took longer than a right one, over all pairs of one each, a tie being
        half; 1/2 where time says nothing.
    response_wrong_slower_se : float or None
        DeLong's standard error of ``response_wrong_slower``.
    response_wrong_slower_ci_low, response_wrong_slower_ci_high : float or None
        Interval of ``response_wrong_slower``, on the logit scale as that of ``auc``.
    response_p : float or None
        Two-sided Mann-Whitney test that both kinds of answers take equally long.
    response_p_holm : float or None
        ``response_p`` after Holm's adjustment for all raters of the table.
    response_degenerate : str or None
        Why one of the above is ``None``; ``None`` where all are defined.
    """

    response_n: int
    median_response_ms: float | None
    q1_response_ms: float | None
    q3_response_ms: float | None
    median_response_ms_correct: float | None
    median_response_ms_wrong: float | None
    response_wrong_slower: float | None
    response_wrong_slower_se: float | None
    response_wrong_slower_ci_low: float | None
    response_wrong_slower_ci_high: float | None
    response_p: float | None
    response_p_holm: float | None
    response_degenerate: str | None


def response_columns(table: RatingsTable, level: float = LEVEL) -> Columns:
    """The fields of ``ResponseTimes``, each for all raters.

    Raises
    ------
    RatingsError
        For a response time that is no number, or negative, or a first answer that is none.
    """
    first = labels(table, "first_answer")
    answer = np.where(first >= 0, first, table.answer)
    times, wrong = numbers(table, "response_ms"), answer != table.truth
    rows = rows_by_rater(table, ~np.isnan(times) & (answer >= 0))
    found = [_rater(times[chosen], wrong[chosen], level) for chosen in rows]
    columns: Columns = {field: [one[field] for one in found] for field in found[0]}
    columns["response_p_holm"] = list(holm(columns["response_p"]))
    return columns


def _rater(times: NDArray[np.float64], wrong: NDArray[np.bool_], level: float) -> dict:
    counts = tally(wrong, times)
    slower = area(counts, "wrong answer", "right answer", "response time")
    low, high = slower.interval(level)
    q1, median, q3 = np.quantile(times, QUARTERS).tolist() if len(times) else (None, None, None)
    return {
        "response_n": len(times),
        "median_response_ms": median,
        "q1_response_ms": q1,
        "q3_response_ms": q3,
        "median_response_ms_correct": _median(times[~wrong]),
        "median_response_ms_wrong": _median(times[wrong]),
        "response_wrong_slower": slower.value,
        "response_wrong_slower_se": slower.se,
        "response_wrong_slower_ci_low": low,
        "response_wrong_slower_ci_high": high,
        "response_p": mann_whitney_p(counts),
        "response_degenerate": slower.degenerate,
    }


def _median(times: NDArray[np.float64]) -> float | None:
    return float(np.median(times)) if len(times) else None
