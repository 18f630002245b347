"""What a table of the report is, and what the makers of tables share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from backend.analysis.report.results import Results
from backend.analysis.report.rounding import Style

Shown = Sequence[object]


@dataclass(frozen=True)
class View:
    """A table as it is shown.

    Attributes
    ----------
    name : str
        What it is called in files and links.
    title : str
        Its heading.
    header : tuple of str
        The columns' heads.
    rows : tuple
        A text for each column, row by row.
    names : int
        How many columns, from the left, are names; the others are numbers, and stand to the right.
    note : str
        What a reader needs to know to read it.
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1
    note: str = ""


Maker = Callable[[Results, Style], View | None]


def view(
    name: str, title: str, header: Iterable[str], rows: Iterable[Shown], *, names: int = 1, note: str = ""
) -> View | None:
    """A table of rows, or ``None`` where there are none: what is absent is not shown."""
    shown = tuple(tuple(str(cell) for cell in row) for row in rows)
    return View(name, title, tuple(header), shown, names, note) if shown else None


def style_of(results: Results) -> Style:
    """How this report's numbers are shown."""
    return Style(truncated=results.configuration.convention == "paper")


def level_of(results: Results) -> str:
    """The head of a column of intervals."""
    return f"{results.configuration.level * 100:g} % CI"
