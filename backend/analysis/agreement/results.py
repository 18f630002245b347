"""The agreement of a study: a row for each statistic, subset of images and group of raters."""

from collections.abc import Callable
from dataclasses import dataclass

from backend.analysis.agreement.cells import NAMES, Cell, cells
from backend.analysis.agreement.conger import conger_kappa
from backend.analysis.agreement.counts import ONE_RATER, prevalence
from backend.analysis.agreement.estimate import Estimate
from backend.analysis.agreement.fleiss import fleiss_kappa
from backend.analysis.agreement.gwet import gwet_ac1, percent_agreement
from backend.analysis.agreement.krippendorff import krippendorff_alpha
from backend.analysis.agreement.light import light_kappa
from backend.analysis.agreement.paper import fleiss_kappa_fixed_raters
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings.table import RatingsTable

CONVENTIONS = ("missing", "paper")


@dataclass(frozen=True)
class AgreementResult:
    """One agreement statistic over a subset of images and a group of raters.

    Attributes
    ----------
    statistic : str
        ``fleiss_kappa``, ``percent_agreement``, ``gwet_ac1``, ``krippendorff_alpha``, ``conger_kappa`` or
        ``light_kappa``.
    subset : str
        ``real``, ``fake`` or ``all`` images.
    group : str
        A group, or ``all`` raters.
    value : float or None
        The coefficient: at most 1, and 0 for agreement as by chance; ``percent_agreement`` is the share of
        agreeing pairs, in [0, 1].
    se : float or None
        Its standard error, over other images rated by these raters.
    ci_low, ci_high : float or None
        Its confidence interval.
    ci_method : str or None
        How that was made: ``profile`` (beta-binomial likelihood) or ``t``; ``None`` without an interval.
    items : int
        Images with at least one answer; those with a single one inform chance agreement alone.
    raters : int
        Raters with at least one answer.
    missing : int
        Answers missing: images shown to a rater of the group without an answer.
    prevalence : float or None
        The share of "real" among the answers.
    degenerate : str or None
        Why something is ``None``, or what was left out; ``None`` where all is defined.
    """

    statistic: str
    subset: str
    group: str
    value: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    ci_method: str | None
    items: int
    raters: int
    missing: int
    prevalence: float | None
    degenerate: str | None


def agreement_results(
    table: RatingsTable, *, level: float = LEVEL, convention: str = "missing"
) -> tuple[AgreementResult, ...]:
    """Every agreement statistic on every subset of images for every group and ``all`` raters.

    Parameters
    ----------
    table : RatingsTable
        The ratings.
    level : float
        Confidence level of the intervals.
    convention : str
        ``missing``: a missing answer is left out. ``paper``: Fleiss' kappa is that of Baur et al. (2018,
        Table 3) instead, see ``fleiss_kappa_fixed_raters``; where answers are missing it then has neither
        standard error nor interval. The other statistics leave missing answers out either way.

    Raises
    ------
    ValueError
        For a level outside (0, 1) or another convention.

    Examples
    --------
    >>> import io
    >>> from backend.analysis.ratings import read_ratings
    >>> text = "rater,group,image,truth,answer\\nA,ED,1,real,real\\nB,ED,1,real,real\\n"
    >>> rows = agreement_results(read_ratings(io.StringIO(text)))
    >>> [row.value for row in rows if (row.subset, row.group) == ("all", "ED")]
    [None, 1.0, 1.0, None, None, None]
    """
    if convention not in CONVENTIONS:
        raise ValueError(f"convention must be one of {', '.join(CONVENTIONS)}, not {convention!r}")
    of = {cell: _estimates(cell, convention) for cell in cells(table)}
    return tuple(_row(name, cell, of[cell][name], level) for name in STATISTICS for cell in of)


def _estimates(cell: Cell, convention: str) -> dict[str, Estimate]:
    if len(cell.ratings) == 1:
        return dict.fromkeys(STATISTICS, Estimate(degenerate=ONE_RATER))
    found = {name: statistic(cell) for name, statistic in STATISTICS.items()}
    if convention == "paper":
        found["fleiss_kappa"] = fleiss_kappa_fixed_raters(cell.counts, len(cell.ratings), categories=NAMES)
    return found


STATISTICS: dict[str, Callable[[Cell], Estimate]] = {
    "fleiss_kappa": lambda cell: fleiss_kappa(cell.counts, categories=NAMES),
    "percent_agreement": lambda cell: percent_agreement(cell.counts),
    "gwet_ac1": lambda cell: gwet_ac1(cell.counts),
    "krippendorff_alpha": lambda cell: krippendorff_alpha(cell.counts, categories=NAMES),
    "conger_kappa": lambda cell: conger_kappa(cell.ratings, categories=NAMES),
    "light_kappa": lambda cell: light_kappa(cell.ratings),
}


def _row(name: str, cell: Cell, found: Estimate, level: float) -> AgreementResult:
    low, high = found.interval(level)
    raters, items = cell.ratings.shape
    return AgreementResult(
        statistic=name,
        subset=cell.subset,
        group=cell.group,
        value=found.value,
        se=found.se,
        ci_low=low,
        ci_high=high,
        ci_method=None if low is None else found.default_method,
        items=items,
        raters=raters,
        missing=cell.missing,
        prevalence=prevalence(cell.counts),
        degenerate=found.degenerate,
    )
