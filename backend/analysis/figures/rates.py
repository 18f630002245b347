"""The two plots of the paper's Figure 5, for print: every rater's rates, and accuracy by group.

Colours are Okabe & Ito's, which colour-blind readers can tell apart; widths are a journal's single column
(88 mm) or double column (180 mm), and more only where the labels of very many raters would overlap.
"""

from collections.abc import Sequence
from itertools import pairwise

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backend.analysis.figures.labels import label
from backend.analysis.figures.plotting import (
    FRAME,
    GREY,
    MM,
    axes_of_rates,
    chance_line,
    colour,
    fitting_width,
    key,
    legend,
    saved,
    styled,
)
from backend.analysis.raters.confusion import RaterResult
from backend.analysis.report.results import Results

MEASURES = (
    ("tpr", "TPR (reals called real)", "^"),
    ("accuracy", "Accuracy", "o"),
    ("fpr", "FPR (fakes called real)", "v"),
)


def rates_figure(results: Results) -> Figure:
    """TPR, accuracy and FPR of every rater, coloured by group, with their intervals as thin lines.

    A rate that is undefined has "n/a" in its place.
    """
    raters, groups = results.raters, list(dict.fromkeys(rater.group for rater in results.raters))
    places = _places(raters)
    span = places[-1] + 1.2
    width = fitting_width(span, roomy=6.5, least=3.4)
    size = min(3.6, 0.3 * (width - FRAME) / span / MM)
    with styled():
        axes = axes_of_rates(places, [label(rater.rater) for rater in raters], width, widest=16)
        for rater, place in zip(raters, places, strict=True):
            shade = colour(groups.index(rater.group))
            for step, (measure, _, marker) in zip((-0.28, 0, 0.28), MEASURES, strict=True):
                value, low, high = _rate(rater, measure)
                if value is None:
                    _undefined(axes, place + step)
                    continue
                axes.plot([place + step] * 2, [low, high], color=shade, linewidth=0.7, alpha=0.5, zorder=2)
                axes.plot(place + step, value, marker, ms=size, mfc=shade, mec="none", zorder=3)
        axes.set_ylabel("Rate")
        marks = [key(marker, GREY, text) for _, text, marker in MEASURES]
        squares = [key("s", colour(i), label(group)) for i, group in enumerate(groups)]
        legend(axes, width, [*marks, chance_line(axes)], squares)
        return axes.figure


def accuracy_figure(results: Results) -> Figure:
    """Accuracy by group: a point for every rater, and from three raters on a box.

    The box spans the quartiles with a line at the median; whiskers reach the last rater within 1.5 times the
    interquartile range.
    """
    groups = results.groups[:-1]
    places = list(range(len(groups)))
    width = fitting_width(len(groups) + 0.2, roomy=12, least=9)
    with styled():
        texts = [f"{label(group.group)} (n\u00a0=\u00a0{group.raters})" for group in groups]
        axes = axes_of_rates(places, texts, width, widest=36)
        for place, group in enumerate(groups):
            known = [r.accuracy for r in results.raters if r.group == group.group and r.accuracy is not None]
            if not known:
                _undefined(axes, place)
            if len(known) > 2:
                _box(axes, known, place)
            spots = [place + 0.36 * step for step in _swarm(known)]
            axes.plot(spots, known, "o", ms=4, mfc=colour(place), mec="white", mew=0.5, zorder=4)
        axes.set_ylabel("Accuracy")
        legend(axes, width, [key("o", GREY, "Rater"), chance_line(axes)])
        return axes.figure


def svg(figure: Figure) -> bytes:
    """The figure as SVG, its text as outlines: alike in every viewer, and byte for byte on every run."""
    return saved(figure, format="svg", metadata={"Date": None})


def png(figure: Figure, dpi: int = 300) -> bytes:
    """The figure as PNG at ``dpi`` dots an inch."""
    return saved(figure, format="png", dpi=dpi)


def _places(raters: Sequence[RaterResult]) -> list[float]:
    """Positions along the axis, with a gap between groups."""
    places = [0.0]
    for before, rater in pairwise(raters):
        places.append(places[-1] + (1.0 if rater.group == before.group else 1.7))
    return places


def _rate(rater: RaterResult, measure: str) -> tuple[float | None, float | None, float | None]:
    if measure != "fpr":
        return tuple(getattr(rater, name) for name in (measure, f"{measure}_ci_low", f"{measure}_ci_high"))
    if rater.tnr_ci_low is None or rater.tnr_ci_high is None:
        return None, None, None
    return rater.fpr, 1 - rater.tnr_ci_high, 1 - rater.tnr_ci_low


def _undefined(axes: Axes, place: float) -> None:
    axes.text(place, 0, "n/a", rotation=90, ha="center", va="bottom", color=GREY, fontsize=5.5)


def _box(axes: Axes, values: Sequence[float], place: int) -> None:
    line = {"color": colour(place), "linewidth": 0.8}
    axes.boxplot(
        [list(values)],
        positions=[place],
        widths=0.5,
        patch_artist=True,
        showfliers=False,
        manage_ticks=False,
        boxprops={
            "facecolor": mpl.colors.to_rgba(colour(place), 0.15),
            "edgecolor": colour(place),
            "linewidth": 0.8,
        },
        medianprops={"color": colour(place), "linewidth": 1.6},
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
