"""The codebook of the exports, made from the columns themselves."""

from backend.studies.exports.catalogue import EXPORTS

NAMES = {"text": "text", "whole": "whole number", "number": "number", "time": "time", "json": "JSON"}
HEAD = """# Codebook of the data

What a study's exports hold, column by column, in every format. Numbers are in full precision. Times are UTC:
to the microsecond in ISO 8601 as text, timestamps in Parquet. An empty cell (`null` in JSON and Parquet) is a
value that is not there. In CSV a text that would be a formula to a spreadsheet has an apostrophe before it.
"""


def codebook() -> str:
    """The codebook as a page in Markdown."""
    parts = [HEAD]
    for name, export in EXPORTS.items():
        rows = "".join(f"| `{one.name}` | {NAMES[one.kind]} | {one.meaning} |\n" for one in export.columns)
        parts.append(f"## `{name}`\n{export.meaning}\n\n| column | | what |\n|---|---|---|\n{rows}")
    return "\n".join(parts)
