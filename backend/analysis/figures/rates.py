"""Every rater's rates, as in the paper's Figure 5a: TPR, accuracy and FPR side by side."""

from collections.abc import Sequence
from itertools import groupby, pairwise

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from backend.analysis.figures.labels import label
from backend.analysis.figures.marks import group_marks
from backend.analysis.figures.panels import Names, rate_panels, split
from backend.analysis.figures.plotting import (
    GREY,
    MM,
    SMALL,
    add_legend,
    chance_line,
    interval_key,
    key,
    mm,
    settled,
    styled,
)
from backend.analysis.intervals import LEVEL
from backend.analysis.raters.confusion import RaterResult

MEASURES = (
    ("tpr", "TPR (reals called real)", "^"),
    ("accuracy", "Accuracy", "o"),
    ("fpr", "FPR (fakes called real)", "v"),
)
STEPS = (-0.28, 0.0, 0.28)
Members = Sequence[tuple[RaterResult, float]]
"""Raters and their places."""
LEAST, WIDEST = 3.4, 16.0  # mm of a rater


def rates_figure(raters: Sequence[RaterResult], *, level: float = LEVEL) -> Figure:
    """TPR, accuracy and FPR of every rater, coloured by group, with intervals of ``level`` as thin lines.

    A rate that is undefined has "n/a" in its place. Raters for whom a double column has no room go on in
    further rows. The groups' names stand above their raters where they fit, and else in the legend.
    """
    rows = split(raters, lambda part: _places(part)[-1] + 1.2, LEAST)
    names = [Names(_places(row), [label(rater.rater) for rater in row]) for row in rows]
    with styled():
        panels = rate_panels(names, roomy=6.5, least=LEAST, widest=WIDEST)
        above = all(_fits(row, panels.pitch) for row in rows)
        size = min(3.6, 0.3 * panels.pitch / MM)
        marks = group_marks(rater.group for rater in raters)
        for axes, row, under in zip(panels.rows, rows, names, strict=True):
            for group, members in _by_group(row, under.places).items():
                for measure, step in zip(MEASURES, STEPS, strict=True):
                    _rates(axes, members, measure, step, (marks[group].colour, size))
            for rater, place in zip(row, under.places, strict=True):
                _gaps(axes, rater, place)
            if above:
                _group_names(axes, row, under.places)
            axes.set_ylabel("Rate")
            chance = chance_line(axes)
        squares = [key("s", marks[group].colour, label(group)) for group in marks if group in _groups(raters)]
        measures = [key(marker, GREY, text) for _, text, marker in MEASURES]
        add_legend(
            panels.rows[0], panels.width, [*measures, interval_key(level), chance], [] if above else squares
        )
        return settled(panels.figure)


def undefined(axes: Axes, place: float) -> None:
    """Mark a place whose rate is undefined."""
    axes.text(place, 0, "n/a", rotation=90, ha="center", va="bottom", color=GREY, fontsize=SMALL)


def _rates(
    axes: Axes, members: Members, measure: tuple[str, str, str], step: float, style: tuple[str, float]
) -> None:
    """One rate of a group's raters, with intervals; ``style`` is colour and size."""
    name, _, marker = measure
    known = [(place + step, rater) for rater, place in members if getattr(rater, name) is not None]
    ends = [
        (place, *(getattr(rater, f"{name}_ci_{end}") for end in ("low", "high"))) for place, rater in known
    ]
    lines = [[(place, low), (place, high)] for place, low, high in ends]
    axes.add_collection(LineCollection(lines, colors=style[0], linewidths=0.7, alpha=0.5), autolim=False)
    places, values = [place for place, _ in known], [getattr(rater, name) for _, rater in known]
    axes.plot(places, values, marker, ms=style[1], mfc=style[0], mec="none", zorder=3)


def _gaps(axes: Axes, rater: RaterResult, place: float) -> None:
    if rater.n == 0:
        undefined(axes, place)
        return
    for step, (measure, _, _) in zip(STEPS, MEASURES, strict=True):
        if getattr(rater, measure) is None:
            undefined(axes, place + step)


def _by_group(raters: Sequence[RaterResult], places: Sequence[float]) -> dict[str, Members]:
    placed = list(zip(raters, places, strict=True))
    return {group: [pair for pair in placed if pair[0].group == group] for group in _groups(raters)}


def _places(raters: Sequence[RaterResult]) -> list[float]:
    """Positions along the axis, with a gap between groups."""
    places = [0.0]
    for before, rater in pairwise(raters):
        places.append(places[-1] + (1.0 if rater.group == before.group else 1.7))
    return places


def _groups(raters: Sequence[RaterResult]) -> list[str]:
    return list(dict.fromkeys(rater.group for rater in raters))


def _fits(raters: Sequence[RaterResult], pitch: float) -> bool:
    """Whether each group's name has room above its raters."""
    runs = [(group, len(list(members))) for group, members in groupby(raters, lambda rater: rater.group)]
    return all(mm(label(group)) < (size + 0.5) * pitch for group, size in runs)


def _group_names(axes: Axes, raters: Sequence[RaterResult], places: Sequence[float]) -> None:
    for group, members in _by_group(raters, places).items():
        first, last = members[0][1], members[-1][1]
        axes.text((first + last) / 2, 1.06, label(group), ha="center", va="bottom")
        if last > first:
            axes.plot([first - 0.3, last + 0.3], [1.055] * 2, color=GREY, linewidth=0.6, clip_on=False)
