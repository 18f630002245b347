"""Write the codebooks of the results and of the data, and the results' JSON schema: ``make codebook``."""

import json
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from backend.analysis.report.fields import Field, fields_of
from backend.analysis.report.results import Configuration, RatingsSummary
from backend.analysis.report.serial import codebook, schema
from backend.studies import exports

HERE = Path(__file__).parent
MARKDOWN, SCHEMA = HERE / "codebook.md", HERE / "results.schema.json"
DATA = HERE / "data.md"
NAMES = {str: "text", int: "whole number", float: "number", bool: "true or false"}
HEAD = """# Codebook of the results

What `dermvtt analyze RATINGS.csv --json` prints and `--out` writes, at full precision: the keys of
`results.json`, and the columns of the CSV file of each table. The positive class is *real*. A value that may
be undefined is marked `?`: it is `null` in JSON and empty in CSV then, and a field `degenerate` (or one that
ends in it) says why. The same as a JSON schema: [results.schema.json](results.schema.json), or
`dermvtt analyze --schema`. What is recorded, and the ratings that the analysis reads:
[data.md](data.md).

Made from the code by `make codebook`.
"""


def markdown() -> str:
    """The codebook as a page."""
    parts = [HEAD, _part("configuration", "What was asked for.", fields_of(Configuration))]
    parts.append(_part("ratings", "What was analysed.", fields_of(RatingsSummary)))
    parts.append("## `warnings`\nTexts: what a reader must know before she believes a number.\n")
    parts += [_part(name, meaning, fields) for name, (meaning, fields) in codebook().items()]
    return "\n".join(parts)


def data() -> str:
    """The codebook of the exports as a page."""
    made = "Made from the code by `make codebook`. How to get them: [exports.md](exports.md)."
    return f"{exports.codebook()}\n{made}\n"


def schema_json() -> str:
    """The JSON schema as a file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _part(name: str, meaning: str, fields: tuple[Field, ...]) -> str:
    rows = "".join(f"| `{one.name}` | {_kind(one.kind)} | {_cell(one.meaning)} |\n" for one in fields)
    return f"## `{name}`\n{meaning}\n\n| field | | what |\n|---|---|---|\n{rows}"


def _kind(kind: Any) -> str:
    parts = [one for one in get_args(kind) if one is not NoneType]
    optional = NoneType in get_args(kind)
    plain = NAMES.get(parts[0] if optional else kind, "text")
    return plain + ("?" if optional else "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("``", "`")


if __name__ == "__main__":
    MARKDOWN.write_text(markdown(), encoding="utf-8")
    DATA.write_text(data(), encoding="utf-8")
    SCHEMA.write_text(schema_json(), encoding="utf-8")
