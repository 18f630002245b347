"""Learning and fatigue: how answers and response times change along the presentation order."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from backend.analysis.course.answers import Course
from backend.analysis.course.blocks import Blocks, block_means, block_medians
from backend.analysis.course.clustered import Clustered
from backend.analysis.course.curve import fitted
from backend.analysis.course.randomization import one_order, randomization_p
from backend.analysis.course.series import Series, beyond, exponential, series_of
from backend.analysis.course.trend import Trend, fit_trend
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings.rows import EVERYONE
from backend.analysis.ratings.table import RatingsTable

BLOCKS = 8
SAME_ORDER = "all raters saw one order: p_randomization is undefined"


@dataclass(frozen=True)
class TrendResult:
    """How something changes along the presentation order.

    Attributes
    ----------
    measure : str
        ``accuracy`` (right answers), ``called_real`` (answers ``real``: bias), or ``response_ms``.
    answers : str
        ``final`` or ``first`` answers. Response times are those of first answers.
    subset : str
        Of response times: ``all``, or those of ``right`` or ``wrong`` answers (by the first answer
        where it was recorded); else ``all``.
    group : str
        A group, or ``all`` raters.
    raters : int
        Those whose answers inform the slope: not all the same.
    n : int
        Answers that inform it.
    slope : float or None
        Change with ten images, in log-odds, or of the logarithm of the response time.
    slope_se : float or None
        Its standard error, over other raters and other images.
    slope_df : float or None
        Degrees of freedom of Student's t for it.
    slope_ci_low, slope_ci_high : float or None
        Its interval (t).
    ratio, ratio_ci_low, ratio_ci_high : float or None
        Their exponentials: the factor by which ten images change the odds, or the response time.
    p_value : float or None
        Test of no slope that fits the interval.
    p_randomization : float or None
        Test that nothing depends on the order, by the random orders alone: ``randomization_p``.
    one_order : bool or None
        Whether all raters saw the images in one order; then a slope may be that of the images, and
        there is no ``p_randomization``. ``None`` where no image was answered twice.
    degenerate : str or None
        Why something is ``None``; ``None`` where all is defined.
    """

    measure: str
    answers: str
    subset: str
    group: str
    raters: int
    n: int
    slope: float | None
    slope_se: float | None
    slope_df: float | None
    slope_ci_low: float | None
    slope_ci_high: float | None
    ratio: float | None
    ratio_ci_low: float | None
    ratio_ci_high: float | None
    p_value: float | None
    p_randomization: float | None
    one_order: bool | None
    degenerate: str | None


@dataclass(frozen=True)
class BlockResult:
    """A block of the presentation order.

    Attributes
    ----------
    measure, answers, subset, group : str
        As in ``TrendResult``.
    block : int
        Its number, from 1.
    first_position, last_position : int
        Its places, both included.
    raters : int
        Those with an answer in it.
    n : int
        Their answers in it.
    value : float or None
        The mean over raters of their shares; of response times the geometric mean of their medians.
    ci_low, ci_high : float or None
        Its interval: of shares over other raters and other images (score), of response times by the
        spread between raters (t, of logarithms). Each block's is for itself.
    fitted : float or None
        What the trend says in its middle, for an average rater.
    fitted_ci_low, fitted_ci_high : float or None
        The trend's band there, point by point.
    degenerate : str or None
        Why something is ``None``; ``None`` where all is defined.
    """

    measure: str
    answers: str
    subset: str
    group: str
    block: int
    first_position: int
    last_position: int
    raters: int
    n: int
    value: float | None
    ci_low: float | None
    ci_high: float | None
    fitted: float | None
    fitted_ci_low: float | None
    fitted_ci_high: float | None
    degenerate: str | None


@dataclass(frozen=True)
class OrderResults:
    """The trends, and the blocks of those whose places were recorded."""

    trends: tuple[TrendResult, ...]
    blocks: tuple[BlockResult, ...]


def order_results(
    table: RatingsTable, course: Course, *, level: float = LEVEL, blocks: int = BLOCKS
) -> OrderResults:
    """Every series for every group and then ``all``.

    Parameters
    ----------
    table : the ratings.
    course : that of the table.
    level : confidence level of the intervals.
    blocks : number of blocks that the order is cut into, fewer where it is shorter.

    Notes
    -----
    Orders are random and differ between raters, so the difficulty of images averages out along the order, but
    not exactly: the standard errors hold what is left of it. Blocks are plain means: where raters stopped
    early, later blocks are of those who went on. The trend compares each rater with herself.
    """
    cut = Blocks.over(course.position, blocks)
    trends: list[TrendResult] = []
    rows: list[BlockResult] = []
    for whole, group in product(series_of(course), (*table.groups, EVERYONE)):
        series = whole.of(table.members(group))
        fit = series.reason or fit_trend(series.data)
        trends.append(_trend(series, group, fit, level))
        rows += _blocks(series, group, fit, cut, level) if cut else ()
    return OrderResults(tuple(trends), tuple(rows))


def _trend(series: Series, group: str, fit: Trend | str, level: float) -> TrendResult:
    slope = Clustered(degenerate=fit) if isinstance(fit, str) else fit.estimate()
    low, high = slope.interval(level)
    same = one_order(series.data)
    reasons = (slope.reason(), SAME_ORDER if same else None, beyond(slope.value, high))
    return TrendResult(
        measure=series.measure,
        answers=series.answers,
        subset=series.subset,
        group=group,
        raters=0 if isinstance(fit, str) else int(fit.informing.any(axis=1).sum()),
        n=slope.n,
        slope=slope.value,
        slope_se=None if low is None else slope.se,
        slope_df=None if low is None else slope.df,
        slope_ci_low=low,
        slope_ci_high=high,
        ratio=exponential(slope.value),
        ratio_ci_low=exponential(low),
        ratio_ci_high=exponential(high),
        p_value=slope.p_value(),
        p_randomization=None if same else randomization_p(series.data),
        one_order=same,
        degenerate="; ".join(filter(None, reasons)) or None,
    )


def _blocks(series: Series, group: str, fit: Trend | str, cut: Blocks, level: float) -> Iterator[BlockResult]:
    data = series.data
    found = block_medians(data, cut) if data.linear else block_means(data, cut)
    if isinstance(fit, str):
        curve = [Clustered(degenerate=fit)] * cut.count
    else:
        curve = fitted(fit, [(first + last) / 2 for first, last in cut.bounds])
    for block, (mean, line, (first, last)) in enumerate(zip(found, curve, cut.bounds, strict=True), start=1):
        (value, low, high), reason = series.shown(mean.found, level)
        (middle, middle_low, middle_high), other = series.shown(line, level)
        reasons = dict.fromkeys(filter(None, (reason, other)))
        yield BlockResult(
            measure=series.measure,
            answers=series.answers,
            subset=series.subset,
            group=group,
            block=block,
            first_position=first,
            last_position=last,
            raters=mean.raters,
            n=mean.found.n,
            value=value,
            ci_low=low,
            ci_high=high,
            fitted=middle,
            fitted_ci_low=middle_low,
            fitted_ci_high=middle_high,
            degenerate="; ".join(reasons) or None,
        )
