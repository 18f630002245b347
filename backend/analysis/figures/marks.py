"""How a group looks in every figure: a colour and a marker, so that neither has to tell it alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from matplotlib.lines import Line2D

from backend.analysis.figures.labels import label
from backend.analysis.figures.plotting import BLACK, colour, key
from backend.analysis.ratings.rows import EVERYONE

MARKERS = "os^vPX<"


@dataclass(frozen=True)
class Mark:
    """A group's colour (hexadecimal) and marker, as matplotlib names them."""

    colour: str
    marker: str


ALL = Mark(BLACK, "D")
"""All raters together."""


def group_marks(groups: Iterable[str]) -> dict[str, Mark]:
    """The mark of each group, numbered by its first appearance; that of ``all`` is black."""
    names = [name for name in dict.fromkeys(groups) if name != EVERYONE]
    marks = {name: Mark(colour(i), MARKERS[i % len(MARKERS)]) for i, name in enumerate(names)}
    return {**marks, EVERYONE: ALL}


def group_keys(groups: Iterable[str]) -> list[Line2D]:
    """The legend's entries of groups."""
    names = list(dict.fromkeys(groups))
    marks = group_marks(names)
    return [key(marks[name].marker, marks[name].colour, label(name)) for name in names]
