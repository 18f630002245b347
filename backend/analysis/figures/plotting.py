"""What the figures have in common: style, widths, legends, and saving to bytes.

The same results give the same bytes. A lock makes drawing safe in a server's threads, as matplotlib is not.
"""

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from backend.analysis.figures.labels import FAMILY, breadth

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BLACK, GREY, LIGHT = "#000000", "#666666", "#E6E6E6"
SINGLE, DOUBLE, FRAME = 88.0, 180.0, 16.0
DPI = 300
FONT, SMALL = 7.0, 6.0
MM = 25.4 / 72  # of a point
KEY, ROW = 9.2, 3.7  # mm that a legend's entry takes beside its text, and a line of them in height
DASHES = (0, (4, 3))
STYLE = {
    "font.family": FAMILY,
    "font.size": FONT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": FONT,
    "hatch.linewidth": 0.4,
    "lines.solid_capstyle": "butt",
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "dermvtt",
    "text.usetex": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}
_LOCK = threading.RLock()


@contextmanager
def styled() -> Iterator[None]:
    """The figures' style, for one thread at a time."""
    with _LOCK, mpl.rc_context(STYLE):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many mm, whose parts ``settled`` will arrange."""
    return Figure(figsize=(width / 25.4, height / 25.4), layout="constrained", dpi=DPI)


def settled(figure: Figure, passes: int = 1) -> Figure:
    """The figure with its parts arranged once and for all, so that no format arranges them anew.

    Axes of a fixed aspect need two ``passes``.
    """
    engine = figure.get_layout_engine()
    if engine is not None:
        for _ in range(passes):
            engine.execute(figure)
        figure.set_layout_engine("none")
    return figure


def saved(figure: Figure, **options: object) -> bytes:
    """What ``figure.savefig`` writes."""
    stream = io.BytesIO()
    with styled():
        figure.savefig(stream, **options)
    return stream.getvalue()


def colour(group: int) -> str:
    """The colour of a group by its number; the colours come round again after the sixth group."""
    return COLOURS[group % len(COLOURS)]


def fitting_width(span: float, roomy: float, least: float) -> float:
    """Figure width in mm: the journal column that gives each of ``span`` places enough room, or wider.

    A single column does where a place keeps ``roomy`` mm, a double one where it keeps ``least`` mm.
    """
    for width, room in ((SINGLE, roomy), (DOUBLE, least)):
        if width >= FRAME + room * span:
            return width
    return FRAME + least * span


def rate_scale(axes: Axes) -> None:
    """A vertical axis from 0 to 1, with a light grid."""
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    axes.grid(axis="y", color=LIGHT, linewidth=0.5)
    axes.set_axisbelow(True)


def key(marker: str, of: str, text: str) -> Line2D:
    """A legend's entry: a marker in a colour, and its text."""
    return Line2D([], [], marker=marker, color=of, linestyle="none", ms=4, mec="none", label=text)


def interval_key(level: float, width: float = 0.8) -> Line2D:
    """A legend's entry for intervals, as lines of a ``width`` in points."""
    return Line2D([], [], color=GREY, linewidth=width, label=f"{level * 100:g}\u00a0% interval")


def chance_line(axes: Axes) -> Line2D:
    """A dashed line at 0.5, where tossing a coin for every image leads."""
    return axes.axhline(0.5, color=GREY, linewidth=0.8, linestyle=DASHES, zorder=1, label="Chance")


def add_legend(axes: Axes, width: float, *blocks: Sequence[Line2D]) -> None:
    """``legend``, for which the figure grows, so that its panels keep their height."""
    figure = _figure_of(axes)
    figure.set_figheight(figure.get_figheight() + (3 + ROW * len(_rows(width, blocks))) / 25.4)
    legend(axes, width, *blocks)


def legend(axes: Axes, width: float, *blocks: Sequence[Line2D]) -> None:
    """Entries above the axes: on one line where they fit into ``width`` mm, else a block a line."""
    rows = _rows(width, blocks)
    blank = Line2D([], [], linestyle="none", label=" ")
    grid = [row + [blank] * (max(map(len, rows)) - len(row)) for row in rows]
    by_column = [entry for column in zip(*grid, strict=True) for entry in column]  # the order of a legend
    _figure_of(axes).legend(
        by_column,
        [str(entry.get_label()) for entry in by_column],
        loc="outside upper center",
        ncols=len(grid[0]),
        handletextpad=0.4,
        columnspacing=1.2,
    )


def mm(text: str, size: float = FONT) -> float:
    """Width of a label in mm at a font size in points."""
    return breadth(text, size) * MM


def _figure_of(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("the axes belong to no figure")
    return figure


def _rows(width: float, blocks: Sequence[Sequence[Line2D]]) -> list[list[Line2D]]:
    everything = [entry for block in blocks for entry in block]
    rows, columns = [everything], len(everything)
    while columns > 1 and _taken(rows) > width - 4:
        columns -= 1
        rows = [list(block[i : i + columns]) for block in blocks for i in range(0, len(block), columns)]
    return rows


def _taken(rows: Sequence[Sequence[Line2D]]) -> float:
    columns = max(map(len, rows))
    return sum(KEY + max(mm(str(row[i].get_label())) for row in rows if i < len(row)) for i in range(columns))
