"""Behind the kappas of a study: each category's, and those without each rater."""

from dataclasses import dataclass

from backend.analysis.agreement.categories import category_kappas
from backend.analysis.agreement.cells import NAMES, cells
from backend.analysis.agreement.leave_one_out import leave_one_rater_out
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings.table import RatingsTable


@dataclass(frozen=True)
class CategoryKappaResult:
    """Agreement on one answer. With two answers it is the same for both, and Fleiss' kappa.

    Attributes
    ----------
    category : str
        The answer: ``fake`` or ``real``.
    subset : str
        ``real``, ``fake`` or ``all`` images.
    group : str
        A group, or ``all`` raters.
    share : float or None
        The share of this answer among all answers.
    value, se, ci_low, ci_high, ci_method, degenerate
        As in ``AgreementResult``.
    null_se : float or None
        The standard error without any agreement: for a test of kappa = 0 alone.
    """

    category: str
    subset: str
    group: str
    share: float | None
    value: float | None
    se: float | None
    null_se: float | None
    ci_low: float | None
    ci_high: float | None
    ci_method: str | None
    degenerate: str | None


@dataclass(frozen=True)
class LeaveOneOutResult:
    """Fleiss' kappa of a group without one of its raters.

    Attributes
    ----------
    rater, rater_group : str
        Who is left out.
    subset : str
        ``real``, ``fake`` or ``all`` images.
    group : str
        The group whose kappa it is, or ``all`` raters.
    value, se : float or None
        Kappa of the others, and its standard error.
    change : float or None
        It less the kappa of everyone in the group: positive where they agree better without her.
    degenerate : str or None
        Why something is ``None``.
    """

    rater: str
    rater_group: str
    subset: str
    group: str
    value: float | None
    se: float | None
    change: float | None
    degenerate: str | None


def category_kappa_results(table: RatingsTable, *, level: float = LEVEL) -> tuple[CategoryKappaResult, ...]:
    """The kappa of each answer on every subset of images for every group and ``all`` raters."""
    rows = []
    for cell in cells(table):
        for found in category_kappas(cell.counts, categories=NAMES):
            low, high = found.kappa.interval(level)
            row = CategoryKappaResult(
                category=found.category,
                subset=cell.subset,
                group=cell.group,
                share=found.share,
                value=found.kappa.value,
                se=found.kappa.se,
                null_se=found.kappa.null_se,
                ci_low=low,
                ci_high=high,
                ci_method=None if low is None else found.kappa.default_method,
                degenerate=found.kappa.degenerate,
            )
            rows.append(row)
    return tuple(rows)


def leave_one_out_results(table: RatingsTable) -> tuple[LeaveOneOutResult, ...]:
    """Fleiss' kappa without each rater who answered, on every subset for every group and ``all`` raters."""
    groups = table.rater_group
    return tuple(
        LeaveOneOutResult(
            rater=table.raters[rater],
            rater_group=table.groups[groups[rater]],
            subset=cell.subset,
            group=cell.group,
            value=found.kappa.value,
            se=found.kappa.se,
            change=found.change,
            degenerate=found.kappa.degenerate,
        )
        for cell in cells(table)
        for rater, found in zip(
            cell.members.tolist(), leave_one_rater_out(cell.ratings, names=NAMES), strict=True
        )
    )
