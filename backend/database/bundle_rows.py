"""Rows of a bundle as the tables hold them: each value of its column's type, or the row is refused."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Float, Integer, String, Table

from backend.database.bundles import travelling
from backend.database.columns import UtcTime


def row_of(table: Table, line: bytes) -> dict[str, Any]:
    """A line of a bundle as a row; raises ``ValueError`` saying why it is not one."""
    try:
        row = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no usable JSON ({error})") from error
    names = travelling(table)
    if not isinstance(row, dict) or not row.keys() <= set(names):
        raise ValueError(f"not the columns of the table {table.name}")
    found = {}
    for name in names:
        column = table.c[name]
        if name in row:
            found[name] = _value(column, row[name])
        elif not column.nullable and column.server_default is None:
            raise ValueError(f"the column {name} is missing")
    return found


def _value(column: Column[Any], value: Any) -> Any:
    kind = column.type
    if value is None and column.nullable:
        return None
    problem = ""
    match kind:
        case UtcTime():
            try:
                value = datetime.fromisoformat(value)
                problem = "" if value.tzinfo else "is a time without a zone"
            except (TypeError, ValueError):
                problem = "is no time"
        case Boolean():
            problem = "" if isinstance(value, bool) else "is not true or false"
        case Integer():
            fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
            problem = "" if fits else "is no whole number"
        case Float():
            fits = isinstance(value, int | float) and not isinstance(value, bool)
            problem = "" if fits else "is no number"
        case JSON():
            problem = "" if isinstance(value, dict | list) else "is no JSON object"
        case String():
            fits = isinstance(value, str) and "\x00" not in value and len(value) <= (kind.length or 10**6)
            problem = "" if fits else "is no text that fits"
        case _:
            problem = f"has a type that bundles do not know: {kind!r}"
    if problem:
        raise ValueError(f"the column {column.name} {problem}")
    return value


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
