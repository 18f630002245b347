"""Every rater in the ROC plane: how many fakes and how many reals she called real."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import cos, pi, sin, sqrt

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from backend.analysis.figures.beside import name_points
from backend.analysis.figures.labels import label
from backend.analysis.figures.marks import Mark, group_keys, group_marks
from backend.analysis.figures.plotting import (
    DASHES,
    GREY,
    LIGHT,
    SINGLE,
    SMALL,
    add_legend,
    interval_key,
    new_figure,
    settled,
    styled,
)
from backend.analysis.intervals import LEVEL
from backend.analysis.raters.confusion import RaterResult
from backend.analysis.raters.curves import CurvePoint

NAMED = 12
"""With more raters than these their names would cover the plane."""
GOLDEN = pi * (3 - sqrt(5))
TICKS = ([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])


def roc_plane(
    raters: Sequence[RaterResult], curves: Sequence[CurvePoint] = (), *, level: float = LEVEL
) -> Figure:
    """A point for every rater at her FPR and TPR, with the interval of each, of ``level``, as a cross.

    ``curves`` adds the ROC curves of graded answers as thin lines. Raters at the very same place stand around
    it, so that each is seen. Who answered no real or no fake has no place; their number is written below.

    Notes
    -----
    The arms of a cross are the intervals of ``RaterResult``: what the tables say, and no more. FPR and TPR
    are of different images, so given the rater they are independent, and the rectangle around a cross of 95 %
    arms holds the pair with a probability of 0.95^2 = 90 %. A joint 95 % region would be some numbers that
    stand in no table, drawn as areas that hide each other from a few raters on.
    """
    placed = [rater for rater in raters if rater.fpr is not None and rater.tpr is not None]
    marks = group_marks(rater.group for rater in raters)
    with styled():
        figure = new_figure(SINGLE, SINGLE - 4)
        axes = figure.add_subplot()
        _frame(axes)
        _curves(axes, curves, marks)
        for group, members in groupby(placed, lambda rater: rater.group):
            _crosses(axes, list(members), marks[group], faint=len(placed) > NAMED)
        keys = group_keys(rater.group for rater in raters)
        add_legend(axes, SINGLE, [*keys, *_line_keys(level, curves=bool(curves))])
        _remark(axes, len(raters) - len(placed))
        settled(figure, passes=2)
        _points(axes, placed, marks)
        return figure


def _frame(axes: Axes) -> None:
    axes.set_aspect("equal")
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xticks(*TICKS)
    axes.set_yticks(*TICKS)
    axes.set_xlabel("FPR (fakes called real)")
    axes.set_ylabel("TPR (reals called real)")
    axes.grid(color=LIGHT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=DASHES, zorder=1)


def _line_keys(level: float, *, curves: bool) -> list[Line2D]:
    keys = [interval_key(level), Line2D([], [], color=GREY, linewidth=0.8, linestyle=DASHES, label="Chance")]
    if curves:
        keys.append(Line2D([], [], color=GREY, linewidth=0.7, label="ROC curve"))
    return keys


def _curves(axes: Axes, curves: Sequence[CurvePoint], marks: Mapping[str, Mark]) -> None:
    paths = [
        (group, [(point.fpr, point.tpr) for point in points])
        for (_, group), points in groupby(curves, lambda point: (point.rater, point.group))
    ]
    style = {"linewidth": 0.4, "alpha": 0.3} if len(paths) > NAMED else {"linewidth": 0.7, "alpha": 0.55}
    for group, path in paths:
        axes.plot(*zip(*path, strict=True), color=marks[group].colour, zorder=2, **style)


def _crosses(axes: Axes, raters: Sequence[RaterResult], mark: Mark, *, faint: bool) -> None:
    style = {"color": mark.colour, "linewidth": 0.5 if faint else 0.8, "alpha": 0.3 if faint else 0.6}
    arms = [arm for rater in raters for arm in _arms(rater)]
    axes.add_collection(LineCollection(arms, zorder=2.5, **style), autolim=False)


def _arms(rater: RaterResult) -> list[list[tuple[float, float]]]:
    return [
        [(rater.fpr_ci_low, rater.tpr), (rater.fpr_ci_high, rater.tpr)],
        [(rater.fpr, rater.tpr_ci_low), (rater.fpr, rater.tpr_ci_high)],
    ]


def _points(axes: Axes, raters: Sequence[RaterResult], marks: Mapping[str, Mark]) -> None:
    """The points, and the raters' names unless they are too many."""
    size = 4.5 if len(raters) <= NAMED else 3.5
    shifts = list(_apart([(rater.fpr, rater.tpr) for rater in raters], size))
    for rater, (right, up) in zip(raters, shifts, strict=True):
        move = ScaledTranslation(right / 72, up / 72, axes.figure.dpi_scale_trans)
        axes.plot(
            rater.fpr,
            rater.tpr,
            marks[rater.group].marker,
            ms=size,
            mfc=marks[rater.group].colour,
            mec="white",
            mew=0.5,
            zorder=4,
            transform=axes.transData + move,
        )
    if len(raters) <= NAMED:
        arms = [arm for rater in raters for arm in _arms(rater)]
        spots = [(rater.fpr, rater.tpr) for rater in raters]
        names = [
            "" if any(shift) else label(rater.rater, 16) for rater, shift in zip(raters, shifts, strict=True)
        ]
        name_points(axes, spots, names, SMALL, arms)


def _apart(places: Sequence[tuple[float, float]], size: float) -> Iterator[tuple[float, float]]:
    """Shifts in points that lay those at one place around it, as the seeds of a sunflower lie."""
    seen: dict[tuple[float, float], int] = {}
    for place in places:
        number = seen[place] = seen.get(place, -1) + 1
        reach = 0.0 if places.count(place) == 1 else 0.6 * size * sqrt(number + 0.5)
        yield reach * cos(number * GOLDEN), reach * sin(number * GOLDEN)


def _remark(axes: Axes, missing: int) -> None:
    if missing:
        text = f"{missing} {'rater' if missing == 1 else 'raters'} without a place: a rate is undefined"
        axes.text(
            0.98, 0.02, text, ha="right", va="bottom", color=GREY, fontsize=SMALL, transform=axes.transAxes
        )
