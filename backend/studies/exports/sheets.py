"""A table on its way out: named columns of one kind each, and rows that come one after another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

Kind = Literal["text", "whole", "number", "time", "json"]
"""``json`` is a value of any form: text in CSV, XLSX and Parquet, itself in JSON."""

Rows = Iterator[Sequence[Any]]


@dataclass(frozen=True)
class Column:
    """A column's name, what kind its values are of, and what they mean; every value may be ``None``."""

    name: str
    kind: Kind
    meaning: str


@dataclass(frozen=True)
class Sheet:
    """One table. The rows can be taken once, and are in memory a few at a time."""

    name: str
    columns: tuple[Column, ...]
    rows: Rows


def packets(rows: Rows, size: int) -> Iterator[list[Sequence[Any]]]:
    """The rows, some at a time."""
    while some := list(islice(rows, size)):
        yield some
