"""Learning and fatigue: accuracy and response time along the presentation order."""

import textwrap
from collections.abc import Sequence
from math import ceil, floor, log10

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from backend.analysis.course.order import BlockResult
from backend.analysis.figures.labels import label
from backend.analysis.figures.marks import Mark, group_marks
from backend.analysis.figures.plotting import (
    DASHES,
    DOUBLE,
    GREY,
    LIGHT,
    SINGLE,
    add_legend,
    chance_line,
    mm,
    new_figure,
    rate_scale,
    settled,
    styled,
)
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings.rows import EVERYONE

ACCURACY, TIME = "accuracy", "response_ms"
ACROSS, NARROW = 5, 2  # panels in a row of a double column, and of a single one
PANEL, BELOW = 34.0, 9.0  # mm of a panel, and of the axis below
STEPS = ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8))  # ticks of a decade, from coarse to fine
Series = Sequence[BlockResult]
Limits = tuple[float, float]


def learning_curve(blocks: Series, *, level: float = LEVEL) -> Figure:
    """A panel for each group, and for all raters: accuracy along the order, response time below it.

    Points are the blocks' means with their intervals of ``level``; the line is the trend, and the band its
    interval, place by place. Accuracy is that of first answers where these were recorded, else of final ones:
    a first answer was given at its place, a final one perhaps when all images had been seen. The axis of
    response times is logarithmic and ends at a third of the shortest and three times the longest mean;
    intervals may go on beyond it.

    Raises
    ------
    ValueError
        Where no block has a value.
    """
    measures = [rows for rows in (_accuracy(blocks), _times(blocks)) if rows]
    if not measures:
        raise ValueError("no block has a value: there is no learning curve to draw")
    groups = _groups(measures[0])
    across = -(-len(groups) // -(-len(groups) // ACROSS))
    bands = [groups[i : i + across] for i in range(0, len(groups), across)]
    width = SINGLE if across <= NARROW else DOUBLE
    with styled():
        figure = new_figure(width, len(bands) * (PANEL * len(measures) + BELOW))
        grid = figure.subplots(len(bands) * len(measures), across, squeeze=False)
        marks = group_marks(groups)
        for number, band in enumerate(bands):
            rows = grid[number * len(measures) : (number + 1) * len(measures)]
            _band(rows, band, measures, marks, (width - 16) / across)
        figure.supxlabel("Position in the presentation order", fontsize="medium")
        add_legend(grid[0, 0], width, _keys(level, chance=bool(_accuracy(blocks))))
        return settled(figure)


def drawable(blocks: Series) -> bool:
    """Whether there is a learning curve to draw."""
    return bool(_accuracy(blocks) or _times(blocks))


def _accuracy(blocks: Series) -> Series:
    """Accuracy of first answers, or of final ones; nothing where no block has a value."""
    for answers in ("first", "final"):
        rows = [row for row in blocks if row.measure == ACCURACY and row.answers == answers]
        if any(row.value is not None for row in rows):
            return rows
    return []


def _times(blocks: Series) -> Series:
    rows = [row for row in blocks if row.measure == TIME and row.subset == "all"]
    return rows if any(row.value is not None for row in rows) else []


def _groups(rows: Series) -> list[str]:
    """The groups; all raters together only where there is more than one."""
    names = list(dict.fromkeys(row.group for row in rows))
    return names if len(names) > 2 else [name for name in names if name != EVERYONE] or names


def _band(
    grid: NDArray, groups: Sequence[str], measures: Sequence[Series], marks: dict[str, Mark], room: float
) -> None:
    """The panels of some groups side by side, ``room`` mm wide: a row of them for each measure."""
    for axes in grid[:, len(groups) :].flat:
        axes.remove()
    for row, (line, rows) in enumerate(zip(grid, measures, strict=True)):
        timed = rows[0].measure == TIME
        limits = _time_limits(rows) if timed else (0.0, 1.0)
        for column, (axes, group) in enumerate(zip(line, groups, strict=False)):
            own = [block for block in rows if block.group == group]
            _panel(axes, own, marks[group], limits)
            (_time_scale if timed else _rate_scale)(axes, limits)
            axes.set_xlim(own[0].first_position - 1, own[-1].last_position + 1)
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.tick_params(labelleft=column == 0, labelbottom=row == len(measures) - 1)
            axes.set_title(_title(group, own, room) if row == 0 else "")
        line[0].set_ylabel(_label(rows))


def _panel(axes: Axes, rows: Series, mark: Mark, limits: Limits) -> None:
    places = np.array([(row.first_position + row.last_position) / 2 for row in rows])
    value, low, high = _columns(rows, ("value", "ci_low", "ci_high"), limits)
    fitted, under, over = _columns(rows, ("fitted", "fitted_ci_low", "fitted_ci_high"), limits)
    axes.fill_between(places, under, over, color=mark.colour, alpha=0.15, linewidth=0, zorder=2)
    axes.plot(places, fitted, color=mark.colour, linewidth=1.2, zorder=3)
    axes.vlines(places, low, high, color=mark.colour, linewidth=0.6, alpha=0.7, zorder=3)
    axes.plot(places, value, mark.marker, ms=4, mfc=mark.colour, mec="white", mew=0.5, zorder=4)


def _columns(rows: Series, names: Sequence[str], limits: Limits) -> NDArray[np.float64]:
    """Fields as arrays, times in seconds, NaN where undefined; endless ones end well outside the limits."""
    values = np.array([[getattr(row, name) for row in rows] for name in names], dtype=float)
    return np.clip(values / (1000 if rows[0].measure == TIME else 1), limits[0] / 2, limits[1] * 2)


def _rate_scale(axes: Axes, _: Limits) -> None:
    rate_scale(axes)
    chance_line(axes)


def _time_limits(rows: Series) -> Limits:
    """Ends of an axis in seconds: those of the intervals, but not far from the means."""
    means = [row.value / 1000 for row in rows if row.value is not None]
    ends = [ms / 1000 for row in rows for ms in (row.ci_low, row.ci_high) if ms is not None]
    return max(min(means) / 3, min(ends + means) / 1.1), min(max(means) * 3, max(ends + means) * 1.1)


def _time_scale(axes: Axes, limits: Limits) -> None:
    axes.set_yscale("log")
    axes.set_ylim(*limits)
    axes.yaxis.set_major_locator(FixedLocator(_time_ticks(*limits)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color=LIGHT, linewidth=0.5)
    axes.set_axisbelow(True)


def _time_ticks(bottom: float, top: float) -> list[float]:
    """Round numbers of seconds between the ends: three to seven where there are so many."""
    for steps in STEPS:
        decades = range(floor(log10(bottom)), ceil(log10(top)) + 1)
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if bottom <= tick <= top]
        if len(ticks) > 2:
            return ticks[:: -(-len(ticks) // 7)]
    return [tick for tick in MaxNLocator(4).tick_values(bottom, top) if bottom <= tick <= top]


def _label(rows: Series) -> str:
    if rows[0].measure == TIME:
        return "Response time (s)"
    return f"Accuracy\n({rows[0].answers} answers)"


def _title(group: str, rows: Series, room: float) -> str:
    """The group and how many raters it has, on as many lines as it takes in ``room`` mm."""
    name = "All raters" if group == EVERYONE else label(group)
    text = f"{name} (n\u00a0=\u00a0{max(row.raters for row in rows)})"
    return text if mm(text) < room else textwrap.fill(text, int(room / 1.5))


def _keys(level: float, *, chance: bool) -> list[Line2D | Patch]:
    percent = f"{level * 100:g}\u00a0%"
    point = {"marker": "o", "ms": 4, "mec": "white", "mew": 0.5, "linewidth": 0.6}
    keys: list[Line2D | Patch] = [
        Line2D([], [], color=GREY, label=f"Mean of a block, {percent} interval", **point),
        Line2D([], [], color=GREY, linewidth=1.2, label="Trend"),
        Patch(color=GREY, alpha=0.15, linewidth=0, label=f"Its {percent} band"),
    ]
    return keys + [Line2D([], [], color=GREY, linewidth=0.8, linestyle=DASHES, label="Chance")] * chance
