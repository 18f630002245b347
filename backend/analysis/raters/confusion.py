"""Each rater against the truth: counts, rates, tests, detection, graded answers, and response times."""

from dataclasses import dataclass

from backend.analysis.intervals import LEVEL
from backend.analysis.raters.chance import ChanceTests, chance_columns
from backend.analysis.raters.columns import rows_of
from backend.analysis.raters.counts import counts_of
from backend.analysis.raters.detection import Detection, detection_columns
from backend.analysis.raters.grades import Grades, grade_columns
from backend.analysis.raters.rates import Rates, rate_columns
from backend.analysis.raters.response_times import ResponseTimes, response_columns
from backend.analysis.raters.tally import Confusion
from backend.analysis.ratings import RatingsTable


@dataclass(frozen=True)
class RaterResult(ResponseTimes, Grades, Detection, ChanceTests, Rates, Confusion):
    """Everything about one rater, in one flat row.

    The fields are those of the bases, the last base's first: names and counts (``Confusion``), ``Rates``,
    ``ChanceTests``, ``Detection``, ``Grades`` and ``ResponseTimes``, where each is described. What is
    undefined is ``None``, with the reason in that part's ``degenerate`` field.
    """


def rater_results(
    table: RatingsTable, *, blank_as_error: bool = False, level: float = LEVEL
) -> tuple[RaterResult, ...]:
    """Every rater's results, in the order of ``table.raters``.

    Parameters
    ----------
    table : RatingsTable
        The ratings; its columns ``confidence``, ``response_ms`` and ``first_answer`` are used if there.
    blank_as_error : bool
        Count a missing answer as a wrong one, as in Baur et al. (2018, Table 2): a blank on a real is a FN,
        on a fake a FP, for rates, tests and detection. Otherwise it is left out of ``n``. ``missing`` tells
        how many there are either way.
    level : float
        Confidence level of every interval.

    Returns
    -------
    tuple of RaterResult

    Raises
    ------
    RatingsError
        For a confidence or response time that is no number or negative, or a first answer that is none.
    ValueError
        For a level outside (0, 1).

    Examples
    --------
    >>> from backend.analysis.ratings import RatingRow
    >>> rows = [RatingRow("A", "ED", str(i), truth, "real") for i, truth in enumerate(["real", "fake"])]
    >>> (found,) = rater_results(RatingsTable.from_rows(rows))
    >>> found.accuracy, found.balanced_accuracy, found.fisher_p
    (0.5, 0.5, 1.0)
    """
    counts = counts_of(table, blank_as_error=blank_as_error)
    columns = {
        "rater": table.raters,
        "group": [table.groups[code] for code in table.rater_group],
        **{field: getattr(counts, field).tolist() for field in ("n", "missing", "tp", "fp", "fn", "tn")},
        **rate_columns(counts, level),
        **chance_columns(counts, level),
        **detection_columns(counts, level),
        **grade_columns(table, level),
        **response_columns(table, level),
    }
    return rows_of(RaterResult, columns)
