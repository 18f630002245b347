"""Tables as CSV and as JSON."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, BinaryIO

from backend.studies.exports.sheets import Kind, Sheet, packets

AT_ONCE = 1000
EXECUTED = re.compile(r"^(?=\x20*[=+\-@＝＋－＠\t\r\n])|(?<=[;\t\r\n])(?=\x20*[=+\-@＝＋－＠])")
"""Where a formula begins to a spreadsheet: at the beginning, and behind what is a border of cells to a
program that does not take commas for it, as Excel does not where numbers have a decimal comma."""


def plain(value: Any) -> str:
    """A value of the kind ``json`` as text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def moment(value: datetime) -> str:
    """A time as text, to the microsecond."""
    return value.isoformat(timespec="microseconds")


def defused(value: str) -> str:
    """A free text that no spreadsheet executes."""
    return EXECUTED.sub("'", value)


CELLS: dict[Kind, Callable[[Any], Any]] = {
    "text": defused,
    "time": moment,
    "json": lambda value: defused(plain(value)),
}
"""What CSV makes of the values that it does not take as they are."""


def write_csv(sheet: Sheet, out: BinaryIO) -> None:
    """A header and a line a row: UTF-8, comma, RFC 4180."""
    makers = [(place, CELLS[one.kind]) for place, one in enumerate(sheet.columns) if one.kind in CELLS]
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([one.name for one in sheet.columns])
        for some in packets(sheet.rows, AT_ONCE):
            writer.writerows(_made(row, makers) for row in some)
    finally:
        text.detach()


def _made(row: Any, makers: list[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    cells = list(row)
    for place, make in makers:
        if cells[place] is not None:
            cells[place] = make(cells[place])
    return cells


def write_json(sheet: Sheet, out: BinaryIO) -> None:
    """One array of objects, an object a line: what reads line by line can, and every reader of JSON."""
    names = [one.name for one in sheet.columns]
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=moment).encode
    between = "[\n"
    for some in packets(sheet.rows, AT_ONCE):
        lines = ",\n".join(encode(dict(zip(names, row, strict=True))) for row in some)
        out.write(f"{between}{lines}".encode())
        between = ",\n"
    out.write(b"[]\n" if between == "[\n" else b"\n]\n")
