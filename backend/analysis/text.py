"""Plain text for a terminal: columns, and lists of names."""

from collections.abc import Iterable, Sequence


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]], names: int = 1) -> str:
    """Columns aligned by blanks, the first ``names`` to the left and the others to the right.

    Examples
    --------
    >>> print(aligned(["rater", "n"], [["A", "80"]]))
    rater   n
    -----  --
    A      80
    """
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    padded = (
        [
            cell.ljust(width) if i < names else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in lines
    )
    return "\n".join("  ".join(cells).rstrip() for cells in padded)


def listed(names: Sequence[str], most: int) -> str:
    """The first ``most`` names, and how many more there are.

    Examples
    --------
    >>> listed(["A", "B", "C"], 2)
    'A, B and 1 more'
    """
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
