"""What became of first answers: flows from first to final answers, as wide as they are many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.path import Path

from backend.analysis.course.flows import RevisionFlow
from backend.analysis.figures.plotting import (
    COLOURS,
    GREY,
    SINGLE,
    SMALL,
    add_legend,
    new_figure,
    settled,
    styled,
)
from backend.analysis.ratings.rows import EVERYONE, FAKE, MISSING, REAL

PANEL = 52.0  # mm
GAP = 0.2
"""Between two answers, as a share of all: it holds the counts of changes."""
BAR, NODE, SLIGHT = "#555555", 0.06, 0.14
"""An answer's bar: colour, width as a share of the panel's, and height below which its text hangs."""
OFFSET = {"textcoords": "offset points", "annotation_clip": False}
KEPT, GAINED, LOST, WITHDRAWN = "Kept", "Wrong to right", "Right to wrong", "Taken back"
LOOKS: Mapping[str, Mapping[str, str]] = {
    KEPT: {"facecolor": "#DDDDDD", "edgecolor": "#DDDDDD"},
    GAINED: {"facecolor": COLOURS[2], "edgecolor": COLOURS[2]},
    LOST: {"facecolor": "#F6CDB0", "edgecolor": COLOURS[1], "hatch": "//////"},
    WITHDRAWN: {"facecolor": "white", "edgecolor": GREY, "hatch": "......"},
}
Counts = Mapping[tuple[str, str], int]
"""Answers by first and final answer."""


def revision_flow(flows: Sequence[RevisionFlow], *, group: str = EVERYONE) -> Figure:
    """First answers at the left, final ones at the right, the flows between them as wide as they are many.

    A panel for real and one for fake images, on one scale. The right answer is at the top in both, so what
    rises was mended, and what falls was spoilt; both are counted. Answers that were taken back, if any, are
    at the bottom.

    Raises
    ------
    ValueError
        Where the group has no first answer.
    """
    panels = {truth: _counts(flows, group, truth) for truth in (REAL, FAKE)}
    panels = {truth: counts for truth, counts in panels.items() if sum(counts.values())}
    if not panels:
        raise ValueError("no first answer was recorded: there are no revisions to draw")
    most = max(sum(counts.values()) for counts in panels.values())
    with styled():
        figure = new_figure(SINGLE, PANEL)
        row = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, (truth, counts) in zip(row, panels.items(), strict=True):
            _panel(axes, truth, counts, most)
        add_legend(row[0], SINGLE, _keys(panels))
        return settled(figure)


def _counts(flows: Sequence[RevisionFlow], group: str, truth: str) -> Counts:
    own = [flow for flow in flows if flow.group == group and flow.truth == truth]
    return {(flow.first, flow.final): flow.n for flow in own}


def _kind(truth: str, first: str, final: str) -> str:
    if final == MISSING:
        return WITHDRAWN
    if first == final:
        return KEPT
    return GAINED if final == truth else LOST


@dataclass(frozen=True)
class Node:
    """An answer's bar: how many gave it, and where it begins, counted from the top."""

    answer: str
    n: int
    top: float


def _panel(axes: Axes, truth: str, counts: Counts, most: int) -> None:
    """One truth's flows; heights are numbers of answers, from the top down."""
    order = (truth, FAKE if truth == REAL else REAL, MISSING)
    for side in (0, 1):
        for node in _nodes(order, counts, side, GAP * most):
            _bar(axes, node, side, truth, most)
    starts, stops = ({node.answer: node.top for node in _nodes(order, counts, s, GAP * most)} for s in (0, 1))
    for pair in product(order, order):
        n = counts.get(pair, 0)
        if n:
            _ribbon(axes, (starts[pair[0]], stops[pair[1]]), n, _kind(truth, *pair))
            starts[pair[0]] += n
            stops[pair[1]] += n
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(most * (1 + 2 * GAP), 0)
    axes.set_title(f"{truth.capitalize()} images (n\u00a0=\u00a0{sum(counts.values())})", pad=14)
    for x, text in ((NODE / 2, "First"), (1 - NODE / 2, "Final")):
        axes.annotate(text, (x, 0), xytext=(0, 4), color=GREY, ha="center", va="bottom", **OFFSET)


def _nodes(order: Sequence[str], counts: Counts, side: int, gap: float) -> list[Node]:
    """The bars of the first (0) or final (1) answers; none for a taking back that never happened."""
    nodes, top = [], 0.0
    for answer in order:
        n = sum(number for pair, number in counts.items() if pair[side] == answer)
        if n or answer != MISSING:
            nodes.append(Node(answer, n, top))
            top += n + gap
    return nodes


def _bar(axes: Axes, node: Node, side: int, truth: str, most: int) -> None:
    """An answer's bar, with what it is and how many there are outside of it."""
    corner = side * (1 - NODE), node.top
    axes.add_patch(Rectangle(corner, NODE, node.n, facecolor=BAR, linewidth=0, zorder=3))
    sign = "\u2713" if node.answer == truth else "\u2717"
    text = f"{node.answer} {sign}\n{node.n}" if node.answer != MISSING else f"taken\nback\n{node.n}"
    low = node.n < SLIGHT * most
    axes.annotate(
        text,
        (side, node.top if low else node.top + node.n / 2),
        xytext=(6 * side - 3, 0),
        ha=("right", "left")[side],
        va="top" if low else "center",
        fontsize=SMALL,
        **OFFSET,
    )


def _ribbon(axes: Axes, tops: tuple[float, float], n: int, kind: str) -> None:
    """A flow between two bars."""
    start, stop = tops
    left, right = NODE, 1 - NODE
    corners = [(left, start), (0.5, start), (0.5, stop), (right, stop)]
    back = [(right, stop + n), (0.5, stop + n), (0.5, start + n), (left, start + n)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    path = Path([*corners, *back, corners[0]], codes)
    axes.add_patch(PathPatch(path, linewidth=0.6, zorder=1 if kind == KEPT else 2, **LOOKS[kind]))
    if kind in (GAINED, LOST):
        # What is gained begins below the gap, what is lost ends below it: there their numbers have room.
        place, side = ((left + 0.02, start), "left") if kind == GAINED else ((right - 0.02, stop), "right")
        style = {"color": LOOKS[kind]["edgecolor"], "fontsize": SMALL, "fontweight": "bold"}
        axes.annotate(str(n), place, xytext=(0, 2), ha=side, va="bottom", zorder=4, **style, **OFFSET)


def _keys(panels: Mapping[str, Counts]) -> list[Patch]:
    """What each look means, and how many answers there are of it; changes also where there are none."""
    numbers = dict.fromkeys(LOOKS, 0)
    for truth, counts in panels.items():
        for pair, n in counts.items():
            numbers[_kind(truth, *pair)] += n
    return [
        Patch(**LOOKS[kind], linewidth=0.6, label=f"{kind} (n\u00a0=\u00a0{n})")
        for kind, n in numbers.items()
        if n or kind != WITHDRAWN
    ]
