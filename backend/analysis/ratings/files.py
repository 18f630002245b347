"""The ratings table as a CSV file: read with every fault named by line and column, and written."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from backend.analysis.ratings.rows import COLUMNS, REPEATS, REQUIRED, RatingRow, RatingsError, as_text, refuse
from backend.analysis.ratings.table import RatingsTable, build


def read_ratings(source: Path | str | TextIO) -> RatingsTable:
    """Read a ratings CSV: UTF-8 (a byte order mark is fine), commas, RFC 4180, columns in any order.

    ``truth`` and ``answer`` are taken in any case and with blanks around them; columns beyond the contract
    are ignored, and so are empty lines. A text stream should be opened with ``newline=""``.

    Raises:
        RatingsError: for a file that cannot be read or breaks the contract, with file, line and column.
    """
    name, stream = _opened(source)
    records = _records(stream, name)
    start, header = next(records, (1, None))
    if header is None:
        raise RatingsError(f"{name} is empty; expected a header line {','.join(REQUIRED)}.")
    columns = [column.strip().lower() for column in header]
    _check_header(columns, f"{name}, line {start}")
    body = list(records)
    refuse(
        f"{name}, line {line}: {len(fields)} fields where the header has {len(columns)} columns."
        for line, fields in body
        if len(fields) != len(columns)
    )
    where = {column: columns.index(column) for column in (*COLUMNS, *REPEATS) if column in columns}
    rows = [RatingRow(**{column: fields[i] for column, i in where.items()}).tidied() for _, fields in body]
    return build(rows, name, [line for line, _ in body])


def write_ratings(rows: RatingsTable | Iterable[RatingRow], stream: TextIO) -> None:
    """Write every column of the contract as CSV to a text stream opened with ``newline=""``.

    Those of repeats follow where any image was shown twice.
    """
    listed = list(rows.rows() if isinstance(rows, RatingsTable) else rows)
    repeats = any(as_text(getattr(row, column)) for row in listed for column in REPEATS)
    columns = (*COLUMNS, *REPEATS) if repeats else COLUMNS
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    for row in listed:
        writer.writerow([as_text(getattr(row, column)) for column in columns])


def _opened(source: Path | str | TextIO) -> tuple[str, TextIO]:
    if not isinstance(source, (str, Path)):
        return str(getattr(source, "name", "ratings")), source
    try:
        data = Path(source).read_bytes()
    except OSError as error:
        raise RatingsError(f"{source} cannot be read: {error.strerror}.") from error
    try:
        return str(source), io.StringIO(data.decode("utf-8"), newline="")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"0x{data[error.start]:02x}"
        hint = "Save it again as CSV UTF-8."
        raise RatingsError(f"{source}, line {line}: not UTF-8 (byte {byte}). {hint}") from error


def _records(stream: TextIO, name: str) -> Iterator[tuple[int, list[str]]]:
    """The non-empty records, each with the line on which it starts (a quoted field may hold line breaks)."""
    reader = csv.reader(_without_mark(stream), strict=True)
    while True:
        start = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise RatingsError(f"{name}, line {start}: not valid CSV ({error}). Check its quotes.") from error
        if fields is None:
            return
        if fields:
            yield start, fields


def _without_mark(stream: TextIO) -> Iterator[str]:
    for number, line in enumerate(stream):
        yield line.removeprefix("\ufeff") if number == 0 else line


def _check_header(columns: Sequence[str], where: str) -> None:
    doubled = [column for column in (*COLUMNS, *REPEATS) if columns.count(column) > 1]
    if doubled:
        raise RatingsError(f"{where}: column {', '.join(doubled)} stands there more than once.")
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        other = next((mark for mark in (";", "\t") if len(columns) == 1 and mark in columns[0]), None)
        kind = {";": "semicolons", "\t": "tabs", None: ""}[other]
        hint = f" The columns look separated by {kind}; save the file with commas." if kind else ""
        there = ", ".join(columns)[:200]
        raise RatingsError(f"{where}: missing column {', '.join(missing)}. Columns there: {there}.{hint}")
