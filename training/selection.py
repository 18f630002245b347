"""Some of a dataset's images, by the columns of its index: ``diagnosis=mel,bcc`` and ``sex=female``."""

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from training.dataset import Dataset
from training.errors import UserError

Where = Mapping[str, Sequence[str]]
"""For each column the values that are wanted; an image must fit all columns."""

LISTED = 12


def parse_where(conditions: Sequence[str]) -> dict[str, list[str]]:
    """Read conditions ``column=value`` or ``column=value,value``; raise ``UserError`` on any other form."""
    where: dict[str, list[str]] = {}
    for condition in conditions:
        column, equals, values = condition.partition("=")
        wanted = [value.strip() for value in values.split(",")]
        if not (column.strip() and equals):
            raise UserError(
                f"--where {condition!r} is not of the form column=value, as in --where diagnosis=mel,bcc."
            )
        where.setdefault(column.strip(), []).extend(wanted)
    return {column: sorted(set(values)) for column, values in sorted(where.items())}


def rows_where(dataset: Dataset, where: Where) -> list[int]:
    """The rows of the dataset that fit; raise ``UserError`` for a column or value that it does not have."""
    for column, values in where.items():
        _require_values(dataset, column, values)
    rows = [
        row
        for row, entry in enumerate(dataset.index)
        if all(entry[column] in values for column, values in where.items())
    ]
    if not rows:
        asked = " ".join(f"--where {column}={','.join(values)}" for column, values in where.items())
        raise UserError(f"no image of {dataset.folder} fits {asked} together.")
    return rows


def _require_values(dataset: Dataset, column: str, values: Sequence[str]) -> None:
    columns = list(dataset.index[0])
    if column not in columns:
        near = get_close_matches(column, columns, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(columns)}."
        raise UserError(f"--where {column}=...: {dataset.folder} has no column {column!r}. {hint}")
    counts = Counter(entry[column] for entry in dataset.index)
    for value in values:
        if value not in counts:
            common = ", ".join(f"{name or '(empty)'} ({count})" for name, count in counts.most_common(LISTED))
            more = ", ..." if len(counts) > LISTED else ""
            raise UserError(f"--where {column}={value}: no such value. Column {column} holds {common}{more}.")
