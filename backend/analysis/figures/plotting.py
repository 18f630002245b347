"""What the figures have in common: style, widths, labelled axes, legends, and saving to bytes.

The same results give the same bytes. A lock makes drawing safe in a server's threads, as matplotlib is not.
"""

import io
import textwrap
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from backend.analysis.figures.labels import FAMILY, breadth

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#666666"
SINGLE, DOUBLE, FRAME = 88.0, 180.0, 16.0
FONT = 7.0
MM = 25.4 / 72  # of a point
KEY = 9.2  # mm that a legend's entry takes beside its text
STYLE = {
    "font.family": FAMILY,
    "font.size": FONT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.solid_capstyle": "butt",
    "legend.frameon": False,
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


def saved(figure: Figure, **options: object) -> bytes:
    """What ``figure.savefig`` writes."""
    stream = io.BytesIO()
    with styled():
        figure.savefig(stream, **options)
    return stream.getvalue()


def colour(group: int) -> str:
    """The colour of a group by its number; the colours come round again after the seventh group."""
    return COLOURS[group % len(COLOURS)]


def fitting_width(span: float, roomy: float, least: float) -> float:
    """Figure width in mm: the journal column that gives each of ``span`` places enough room, or wider.

    A single column does where a place keeps ``roomy`` mm, a double one where it keeps ``least`` mm.
    """
    for width, room in ((SINGLE, roomy), (DOUBLE, least)):
        if width >= FRAME + room * span:
            return width
    return FRAME + least * span


def axes_of_rates(places: Sequence[float], texts: Sequence[str], width: float, widest: float) -> Axes:
    """Axes from 0 to 1 in a new figure of ``width`` mm, with ``texts`` (labels) below ``places``.

    Labels lie flat, on several lines if need be, where a place has room for them, and stand up elsewhere.
    No place takes more than ``widest`` mm.
    """
    span = max(places[-1] + 1.2, (width - FRAME) / widest)
    room = (width - FRAME) / span
    texts, tall = _arranged(texts, room - 1.5)
    figure = Figure(figsize=(width / 25.4, (66 + max(tall, 6)) / 25.4), layout="constrained")
    axes = figure.add_subplot()
    flat = tall <= 0
    axes.set_xticks(list(places), texts, rotation=0 if flat else 90)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim((places[-1] - span) / 2, (places[-1] + span) / 2)
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.5)
    axes.set_axisbelow(True)
    return axes


def key(marker: str, of: str, text: str) -> Line2D:
    """A legend's entry: a marker in a colour, and its text."""
    return Line2D([], [], marker=marker, color=of, linestyle="none", ms=4, mec="none", label=text)


def chance_line(axes: Axes) -> Line2D:
    """A dashed line at 0.5, where tossing a coin for every image leads."""
    return axes.axhline(0.5, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1, label="Chance")


def legend(axes: Axes, width: float, *blocks: Sequence[Line2D]) -> None:
    """Entries above the axes: on one line where they fit into ``width`` mm, else a block a line."""
    everything = [entry for block in blocks for entry in block]
    rows, columns = [everything], len(everything)
    while columns > 1 and _taken(rows) > width - 4:
        columns -= 1
        rows = [list(block[i : i + columns]) for block in blocks for i in range(0, len(block), columns)]
    blank = Line2D([], [], linestyle="none", label=" ")
    grid = [row + [blank] * (max(map(len, rows)) - len(row)) for row in rows]
    by_column = [entry for column in zip(*grid, strict=True) for entry in column]  # the order of a legend
    figure = axes.get_figure()
    if figure is None:
        raise ValueError("the axes belong to no figure")
    figure.legend(
        by_column,
        [str(entry.get_label()) for entry in by_column],
        loc="outside upper center",
        ncols=len(grid[0]),
        handletextpad=0.4,
        columnspacing=1.2,
    )


def _arranged(texts: Sequence[str], room: float) -> tuple[list[str], float]:
    """The labels as they lie flat in ``room`` mm, and 0; or as they are, and the height that they take."""
    wrapped = [textwrap.wrap(text, max(1, int(room / 1.5)), break_long_words=False) for text in texts]
    if all(len(lines) < 4 and max(map(_mm, lines)) <= room for lines in wrapped):
        return ["\n".join(lines) for lines in wrapped], 0.0
    return list(texts), max(map(_mm, texts))


def _taken(rows: Sequence[Sequence[Line2D]]) -> float:
    columns = max(map(len, rows))
    return sum(
        KEY + max(_mm(str(row[i].get_label())) for row in rows if i < len(row)) for i in range(columns)
    )


def _mm(text: str) -> float:
    return breadth(text, FONT) * MM
