"""Results of all raters at once, a list for each field; and the rows that are made of them."""

from typing import Any, TypeVar

from backend.analysis.intervals import Limits, defined

Columns = dict[str, list[Any]]
Row = TypeVar("Row")


def limit_columns(name: str, limits: Limits) -> Columns:
    """The fields ``name_low`` and ``name_high``."""
    low, high = limits
    return {f"{name}_low": defined(low), f"{name}_high": defined(high)}


def rows_of(kind: type[Row], columns: Columns) -> tuple[Row, ...]:
    """One ``kind`` for each rater; its fields are the names of the columns."""
    return tuple(kind(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True))
