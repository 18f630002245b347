"""The outcomes as Markdown tables; what should not be is marked."""

from collections.abc import Iterator, Sequence

from benchmarks.coverage.outcomes import INTERVALS, TESTS, WARNINGS
from benchmarks.coverage.run import Cell, Row

LEAST, MOST, LARGEST = 0.92, 0.99, 0.07
TITLES = {
    INTERVALS: "Coverage of 95 % intervals, in percent",
    TESTS: "Size of tests at 5 %, in percent",
    WARNINGS: "Not offered, and why: coverage of intervals, size of tests",
}


def markdown(rows: Sequence[Row], columns: Sequence[str]) -> Iterator[str]:
    """A table for intervals, one for tests, and one for what is not offered, as far as there are rows."""
    for table, title in TITLES.items():
        chosen = [row for row in rows if row.table == table]
        if chosen:
            yield f"{title}\n"
            yield "| | " + " | ".join(columns) + " |"
            yield "|---" * (1 + len(columns)) + "|"
            for row in chosen:
                cells = (_shown(cell, table) for cell in row.cells)
                yield f"| {row.method} | " + " | ".join(cells) + " |"
            yield ""


def _shown(cell: Cell | None, table: str) -> str:
    if cell is None:
        return "-"
    text = f"{100 * cell.rate:.1f}"
    if table == INTERVALS and not LEAST <= cell.rate <= MOST:
        text += " *"
    if table == TESTS and cell.rate > LARGEST:
        text += " *"
    return text + (f" ({100 * cell.undefined:.1f} undefined)" if cell.undefined >= 0.0005 else "")
