"""Panels of rates over raters or groups: axes from 0 to 1 with names below, in as many rows as they need."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backend.analysis.figures.plotting import DOUBLE, FRAME, fitting_width, mm, new_figure, rate_scale

T = TypeVar("T")
PANEL, FLAT = 58.0, 7.0  # mm: height of a row, and of names that lie flat


@dataclass(frozen=True)
class Panels:
    """A figure of rows of rates: its axes from above, its width and a place's, in mm."""

    figure: Figure
    rows: Sequence[Axes]
    width: float
    pitch: float


@dataclass(frozen=True)
class Names:
    """Names below their places along an axis."""

    places: Sequence[float]
    texts: Sequence[str]

    @property
    def span(self) -> float:
        """Places that the axis takes, with half a place at its ends."""
        return self.places[-1] + 1.2


def split(items: Sequence[T], span: Callable[[Sequence[T]], float], least: float) -> list[Sequence[T]]:
    """The items in as few rows of about one length as a double column holds, a place taking ``least`` mm."""
    rows = max(1, ceil(least * span(items) / (DOUBLE - FRAME)))
    size = ceil(len(items) / rows)
    return [items[i : i + size] for i in range(0, len(items), size)]


def rate_panels(rows: Sequence[Names], *, roomy: float, least: float, widest: float) -> Panels:
    """Axes from 0 to 1 for each row, in a new figure of a journal's column.

    A single column does where a place keeps ``roomy`` mm, a double one elsewhere. Names lie flat, on several
    lines if need be, where a place has room for them, and stand up elsewhere. No place takes more than
    ``widest`` mm.
    """
    longest = max(row.span for row in rows)
    width = min(fitting_width(longest, roomy, least), DOUBLE)
    span = max(longest, (width - FRAME) / widest)
    pitch = (width - FRAME) / span
    arranged = [_arranged(row.texts, pitch - 1.5) for row in rows]
    height = sum(PANEL + max(tall, FLAT) for _, tall in arranged)
    figure = new_figure(width, height)
    column = figure.subplots(len(rows), squeeze=False)[:, 0]
    for axes, row, (texts, tall) in zip(column, rows, arranged, strict=True):
        axes.set_xticks(list(row.places), texts, rotation=0 if tall <= 0 else 90)
        axes.tick_params(axis="x", length=0)
        middle = row.places[-1] / 2 if len(rows) == 1 else (longest - 1.2) / 2
        axes.set_xlim(middle - span / 2, middle + span / 2)
        rate_scale(axes)
    return Panels(figure, list(column), width, pitch)


def _arranged(texts: Sequence[str], room: float) -> tuple[list[str], float]:
    """The labels as they lie flat in ``room`` mm, and 0; or as they are, and the height that they take."""
    wrapped = [textwrap.wrap(text, max(1, int(room / 1.5)), break_long_words=False) for text in texts]
    if all(len(lines) < 4 and max(map(mm, lines)) <= room for lines in wrapped):
        return ["\n".join(lines) for lines in wrapped], 0.0
    return list(texts), max(map(mm, texts))
