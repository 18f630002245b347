"""Agreement as a forest plot: Fleiss' kappa of every group on every subset of images, with its interval."""

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from backend.analysis.agreement.results import AgreementResult
from backend.analysis.figures.labels import label
from backend.analysis.figures.marks import Mark, group_marks
from backend.analysis.figures.plotting import (
    BLACK,
    DASHES,
    DOUBLE,
    GREY,
    LIGHT,
    MM,
    SINGLE,
    SMALL,
    add_legend,
    mm,
    new_figure,
    settled,
    styled,
)
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings.rows import EVERYONE, FAKE, REAL

STATISTIC = "fleiss_kappa"
OTHERS = {
    "gwet_ac1": ("x", "Gwet's AC1"),
    "krippendorff_alpha": ("+", "Krippendorff's alpha"),
    "conger_kappa": ("^", "Conger's kappa"),
    "light_kappa": ("v", "Light's kappa"),
}
OTHER = {"ms": 3.2, "color": GREY, "mfc": "none", "mew": 0.6}
SUBSETS = {REAL: "Real images", FAKE: "Fake images", EVERYONE: "All images"}
LINE, BELOW = 4.0, 12.0  # mm of a line, and of the axis
PLOT = 26.0  # mm that the intervals need at least
MINUS = "\u2212"


def kappa_forest(rows: Sequence[AgreementResult], *, level: float = LEVEL, others: bool = False) -> Figure:
    """Fleiss' kappa of every group on real, fake and all images, its value and interval written beside it.

    Parameters
    ----------
    rows : agreement of a study; other statistics than Fleiss' kappa may be among them.
    level : confidence level of their intervals, which is written above them.
    others : show the other statistics' values too (percent agreement apart, which knows no chance), in grey.

    Notes
    -----
    A row without a kappa says "undefined", one without an interval has its value alone. No words such as
    "fair" or "moderate" are given to kappas: they depend on prevalence and on the number of categories.
    """
    lines = _lines(rows)
    marks = group_marks(row.group for row in rows)
    values = {id(row): _value(row) for row in lines if isinstance(row, AgreementResult)}
    taken = _widest(map(_name, lines)) + _widest([*values.values(), _heading(level)])
    width = SINGLE if taken + PLOT + 6 < SINGLE and not others else DOUBLE
    with styled():
        figure = new_figure(width, LINE * (len(lines) + 1) + BELOW)
        axes = figure.add_subplot()
        drawn = [row for row in rows if row.statistic == STATISTIC or (others and row.statistic in OTHERS)]
        _frame(axes, lines, _limits(drawn))
        for place, line in enumerate(lines):
            if isinstance(line, AgreementResult):
                _row(axes, place, line, marks[line.group])
                _beside(axes, place, values[id(line)], GREY if line.value is None else BLACK)
        _beside(axes, -1, _heading(level), BLACK)
        if others:
            _others(axes, lines, rows)
            add_legend(axes, width, [_other_key(*pair) for pair in OTHERS.values()])
        return settled(figure)


def _lines(rows: Sequence[AgreementResult]) -> list[AgreementResult | str]:
    """The lines of the figure from above: a heading for each subset, then its groups."""
    lines: list[AgreementResult | str] = []
    for subset, heading in SUBSETS.items():
        found = [row for row in rows if row.statistic == STATISTIC and row.subset == subset]
        lines += [heading, *(_shown(found))] if found else []
    return lines


def _shown(rows: Sequence[AgreementResult]) -> Sequence[AgreementResult]:
    """The rows of groups; all raters together only where there is more than one group."""
    return rows if len(rows) > 2 else [row for row in rows if row.group != EVERYONE] or rows


def _frame(axes: Axes, lines: Sequence[AgreementResult | str], limits: tuple[float, float]) -> None:
    names = [_name(line) for line in lines]
    axes.set_yticks(range(len(lines)), names)
    axes.tick_params(axis="y", length=0, pad=_widest(names) / MM + 4, labelsize=SMALL)
    for text, line in zip(axes.get_yticklabels(), lines, strict=True):
        text.set_horizontalalignment("left")
        if isinstance(line, str):
            text.set_fontweight("bold")
    axes.set_ylim(len(lines) - 0.3, -1.6)
    axes.set_xlim(*limits)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Fleiss' kappa")
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(lambda tick, _: f"{tick:g}".replace("-", MINUS))
    axes.grid(axis="x", color=LIGHT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.axvline(0, color=GREY, linewidth=0.8, linestyle=DASHES, zorder=1)


def _limits(rows: Sequence[AgreementResult]) -> tuple[float, float]:
    """The ends of the axis: 0 and all that is drawn, with a margin, inside [-1, 1]."""
    ends = [
        0.0,
        0.2,
        *(end for row in rows for end in (row.value, row.ci_low, row.ci_high) if end is not None),
    ]
    margin = 0.06 * (max(ends) - min(ends))
    return max(min(ends) - margin, -1.03), min(max(ends) + margin, 1.03)


def _row(axes: Axes, place: int, row: AgreementResult, mark: Mark) -> None:
    if row.ci_low is not None and row.ci_high is not None:
        axes.plot([row.ci_low, row.ci_high], [place] * 2, color=mark.colour, linewidth=1.1, zorder=3)
    if row.value is not None:
        size = 4.2 if mark.marker == "D" else 5
        axes.plot(row.value, place, mark.marker, ms=size, mfc=mark.colour, mec="white", mew=0.5, zorder=4)


def _others(axes: Axes, lines: Sequence[AgreementResult | str], rows: Sequence[AgreementResult]) -> None:
    places = {(row.subset, row.group): i for i, row in enumerate(lines) if isinstance(row, AgreementResult)}
    for row in rows:
        place = places.get((row.subset, row.group))
        if row.statistic in OTHERS and place is not None and row.value is not None:
            axes.plot(
                row.value, place + 0.34, OTHERS[row.statistic][0], ms=3.2, color=GREY, mew=0.7, zorder=3
            )


def _other_key(marker: str, text: str) -> Line2D:
    return Line2D([], [], marker=marker, linestyle="none", **OTHER, label=text)


def _name(line: AgreementResult | str) -> str:
    if isinstance(line, str):
        return line
    name = "All raters" if line.group == EVERYONE else label(line.group)
    return f"  {name} (n\u00a0=\u00a0{line.raters})"


def _widest(texts: Iterable[str]) -> float:
    return max(mm(text, SMALL) for text in texts)


def _heading(level: float) -> str:
    return f"\u03ba ({level * 100:g}\u00a0% CI)"


def _value(row: AgreementResult) -> str:
    if row.value is None:
        return "undefined"
    if row.ci_low is None or row.ci_high is None:
        return f"{row.value:.3f}".replace("-", MINUS)
    return f"{row.value:.3f} ({row.ci_low:.3f} to {row.ci_high:.3f})".replace("-", MINUS)


def _beside(axes: Axes, place: float, text: str, of: str) -> None:
    """A text to the right of the axes."""
    right, offset = (1, place), (6, 0)
    style = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points", "fontsize": SMALL}
    axes.annotate(
        text, right, xytext=offset, color=of, ha="left", va="center", annotation_clip=False, **style
    )
