"""Results as JSON and CSV at full precision, and the schema and codebook of both."""

import csv
import io
import json
from dataclasses import fields
from functools import lru_cache
from typing import Any, get_args, get_type_hints

from backend.analysis.report.fields import Field, attributes, fields_of, flat
from backend.analysis.report.results import Results
from backend.analysis.report.schema import schema_of

TITLE = "Results of a visual Turing test"
DESCRIPTION = (
    "What `dermvtt analyze RATINGS.csv --json` prints, at full precision. The positive class is real. What "
    "is undefined is null, with the reason in a field `degenerate` (or one that ends in it)."
)


@lru_cache
def tables() -> dict[str, type]:
    """The tables of the results by name, and the dataclass of their rows."""
    hints = get_type_hints(Results)
    rows = {field.name: get_args(hints[field.name]) for field in fields(Results)}
    return {name: kinds[0] for name, kinds in rows.items() if len(kinds) == 2 and kinds[0] is not str}


def codebook() -> dict[str, tuple[str, tuple[Field, ...]]]:
    """What each table holds, and what each of its columns."""
    meanings = attributes(Results)
    return {name: (meanings[name], fields_of(row)) for name, row in tables().items()}


def schema() -> dict[str, Any]:
    """The JSON schema of ``to_json``."""
    hints, meanings = get_type_hints(Results), attributes(Results)
    parts = {field.name: (hints[field.name], meanings[field.name]) for field in fields(Results)}
    return schema_of(TITLE, DESCRIPTION, parts)


def to_dict(results: Results) -> dict[str, Any]:
    """The results as plain dictionaries and lists, with the keys of the JSON and the columns of the CSV."""
    return {
        "tool_version": results.tool_version,
        "configuration": flat(results.configuration),
        "ratings": flat(results.ratings),
        "warnings": list(results.warnings),
        **{name: [flat(row) for row in getattr(results, name)] for name in tables()},
    }


def to_json(results: Results) -> str:
    """The results as indented JSON; what is undefined is null, never NaN."""
    return json.dumps(to_dict(results), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(results: Results, table: str) -> str:
    """One of ``tables()`` as CSV at full precision; what is undefined is empty."""
    stream = io.StringIO(newline="")
    names = [field.name for field in fields_of(tables()[table])]
    writer = csv.DictWriter(stream, fieldnames=names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(flat(row) for row in getattr(results, table))
    return stream.getvalue()
