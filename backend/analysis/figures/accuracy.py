"""Accuracy by group, as in the paper's Figure 5b: boxplots, and every rater as a point."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backend.analysis.figures.labels import label
from backend.analysis.figures.panels import Names, rate_panels, split
from backend.analysis.figures.plotting import GREY, add_legend, chance_line, colour, key, settled, styled
from backend.analysis.figures.rates import undefined
from backend.analysis.raters.confusion import RaterResult

LEAST, WIDEST = 9.0, 36.0  # mm of a group


def accuracy_figure(raters: Sequence[RaterResult]) -> Figure:
    """Accuracy by group: a point for every rater, and from three raters on a box.

    The box spans the quartiles with a line at the median; whiskers reach the last rater within 1.5 times the
    interquartile range.
    """
    numbers = {group: i for i, group in enumerate(dict.fromkeys(rater.group for rater in raters))}
    rows = split(list(numbers), lambda part: len(part) + 0.2, LEAST)
    with styled():
        names = [Names(range(len(row)), [_name(group, raters) for group in row]) for row in rows]
        panels = rate_panels(names, roomy=12, least=LEAST, widest=WIDEST)
        for axes, row in zip(panels.rows, rows, strict=True):
            for place, group in enumerate(row):
                members = [r.accuracy for r in raters if r.group == group and r.accuracy is not None]
                _group(axes, members, place, colour(numbers[group]))
            axes.set_ylabel("Accuracy")
            chance = chance_line(axes)
        add_legend(panels.rows[0], panels.width, [key("o", GREY, "Rater"), chance])
        return settled(panels.figure)


def _name(group: str, raters: Sequence[RaterResult]) -> str:
    return f"{label(group)} (n\u00a0=\u00a0{sum(rater.group == group for rater in raters)})"


def _group(axes: Axes, known: Sequence[float], place: int, shade: str) -> None:
    if not known:
        undefined(axes, place)
    if len(known) > 2:
        _box(axes, known, place, shade)
    spots = [place + 0.36 * step for step in _swarm(known)]
    axes.plot(spots, known, "o", ms=4, mfc=shade, mec="white", mew=0.5, zorder=4)


def _box(axes: Axes, values: Sequence[float], place: int, shade: str) -> None:
    line = {"color": shade, "linewidth": 0.8}
    axes.boxplot(
        [list(values)],
        positions=[place],
        widths=0.5,
        patch_artist=True,
        showfliers=False,
        manage_ticks=False,
        boxprops={"facecolor": mpl.colors.to_rgba(shade, 0.15), "edgecolor": shade, "linewidth": 0.8},
        medianprops={"color": shade, "linewidth": 1.6},
        whiskerprops=line,
        capprops=line,
    )


def _swarm(values: Sequence[float], near: float = 0.03) -> list[float]:
    """Sideways steps in [-0.5, 0.5] that keep points of nearly the same height apart, in a fixed order."""
    rows: dict[int, list[int]] = {}
    for index, value in enumerate(values):
        rows.setdefault(round(value / near), []).append(index)
    fullest = max(map(len, rows.values()), default=1)
    steps = [0.0] * len(values)
    for members in rows.values():
        for rank, index in enumerate(sorted(members, key=values.__getitem__)):
            steps[index] = (rank - (len(members) - 1) / 2) / max(fullest - 1, 4)
    return steps
