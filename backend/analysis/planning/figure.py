"""A plan as a figure for print: power, and the width of the interval, against the number of raters."""

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from backend.analysis.figures.labels import breadth
from backend.analysis.figures.plotting import FONT, FRAME, GREY, MM, SINGLE, colour, legend, styled
from backend.analysis.planning.plan import Plan

MARKERS = "os^vDPX*<>"
PANEL, ABOVE = 44.0, 14.0  # mm


def plan_figure(plan: Plan) -> Figure:
    """A panel for each power and one for the width, a line for each number of images, in a single column.

    A thin line at a point is its 95 % Monte Carlo interval, which mostly hides behind the point.
    """
    design = plan.design
    panels = [("superiority_power", "Power, superiority", design.power)]
    if design.margin is not None:
        panels.append(("equivalence_power", "Power, equivalence", design.power))
    panels.append(("width", f"{design.level * 100:g} % interval, width", design.width))
    with styled():
        figure = Figure(figsize=(SINGLE / 25.4, (ABOVE + PANEL * len(panels)) / 25.4), layout="constrained")
        column = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
        for axes, (measure, text, wanted) in zip(column, panels, strict=True):
            _panel(axes, plan, measure, wanted)
            axes.set_ylabel(text)
            if measure != "width":
                axes.set_ylim(-0.03, 1.03)
                axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
        column[-1].set_ylim(bottom=0)
        column[-1].yaxis.set_major_formatter("{x:g}")
        figure.align_ylabels(column)
        column[-1].set_xlabel("Raters")
        _ticks(column[-1], design.raters)
        wanted = Line2D([], [], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), label="Wanted")
        legend(column[0], SINGLE, [*_keys(plan), wanted])
        return figure


def _panel(axes: Axes, plan: Plan, measure: str, wanted: float | None) -> None:
    for number, images in enumerate(plan.design.images):
        cells = [study for study in plan.studies if study.images == images]
        raters = [study.raters for study in cells]
        values = [getattr(study, measure) for study in cells]
        errors = [1.96 * getattr(study, f"{measure}_se") for study in cells]
        style = {"color": colour(number), "marker": MARKERS[number % len(MARKERS)], "ms": 3.5, "mec": "none"}
        axes.errorbar(raters, values, errors, linewidth=1, elinewidth=0.7, zorder=3, **style)
    if wanted is not None:
        axes.axhline(wanted, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.5)
    axes.set_axisbelow(True)


def _keys(plan: Plan) -> list[Line2D]:
    return [
        Line2D(
            [],
            [],
            color=colour(number),
            marker=MARKERS[number % len(MARKERS)],
            ms=3.5,
            mec="none",
            linewidth=1,
            label=f"{images} images",
        )
        for number, images in enumerate(plan.design.images)
    ]


def _ticks(axes: Axes, raters: tuple[int, ...]) -> None:
    """A tick at each number of raters whose label keeps clear of the one before."""
    span = max(raters[-1] - raters[0], 1) * 1.1
    shown = [raters[0]]
    for before, number in pairwise(raters):
        room = (number - shown[-1]) / span * (SINGLE - FRAME) - breadth(str(number), FONT) * MM
        if room > 1.5 and before:
            shown.append(number)
    axes.set_xticks(shown, [str(number) for number in shown])
