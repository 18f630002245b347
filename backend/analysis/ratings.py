"""The ratings table: read from and written to CSV, or built from rows; one row a rater and image."""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from backend.analysis.rows import (
    FAKE,
    MISSING,
    OPTIONAL,
    REAL,
    REQUIRED,
    RatingRow,
    RatingsError,
    check,
    refuse,
)

__all__ = ["RatingRow", "RatingsError", "RatingsTable", "read_ratings", "write_ratings"]

COLUMNS = (*REQUIRED, *OPTIONAL)
CODES = {FAKE: 0, REAL: 1, MISSING: -1}
LABELS = {code: label for label, code in CODES.items()}


@dataclass(frozen=True, eq=False)
class RatingsTable:
    """A study's ratings as read-only arrays of one length, a position for each row of the CSV.

    Names are sorted ("DLE2" before "DLE10"; raters within their group), so the order of the rows changes
    no result.

    Attributes:
        raters, groups, images: the names that the codes below stand for.
        rater, group, image: integer codes, each an index into the names.
        truth: 1 real (the positive class), 0 fake.
        answer: 1 real, 0 fake, -1 missing.
        optional: the optional columns that hold anything, as text.
    """

    raters: tuple[str, ...]
    groups: tuple[str, ...]
    images: tuple[str, ...]
    rater: NDArray[np.int64]
    group: NDArray[np.int64]
    image: NDArray[np.int64]
    truth: NDArray[np.int8]
    answer: NDArray[np.int8]
    optional: Mapping[str, tuple[str, ...]]

    @classmethod
    def from_rows(cls, rows: Iterable[RatingRow], name: str = "ratings") -> "RatingsTable":
        """Build the table from rows; ``name`` is what an error calls them. Raises ``RatingsError``."""
        return _table([row.tidied() for row in rows], name)

    def __len__(self) -> int:
        return len(self.rater)

    @property
    def rater_group(self) -> NDArray[np.int64]:
        """Each rater's group code, in the order of ``raters``."""
        codes = np.zeros(len(self.raters), dtype=np.int64)
        codes[self.rater] = self.group
        return codes

    def rows(self) -> Iterator[RatingRow]:
        """The rows in their original order."""
        for i in range(len(self)):
            yield RatingRow(
                rater=self.raters[self.rater[i]],
                group=self.groups[self.group[i]],
                image=self.images[self.image[i]],
                truth=LABELS[int(self.truth[i])],
                answer=LABELS[int(self.answer[i])],
                **{column: values[i] for column, values in self.optional.items()},
            )

    def sha256(self) -> str:
        """Fingerprint of the required columns, the same for any order of the rows."""
        required = sorted([getattr(row, column) for column in REQUIRED] for row in self.rows())
        return hashlib.sha256(repr(required).encode()).hexdigest()


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
    where = {column: columns.index(column) for column in COLUMNS if column in columns}
    rows = [RatingRow(**{column: fields[i] for column, i in where.items()}).tidied() for _, fields in body]
    return _table(rows, name, [line for line, _ in body])


def write_ratings(rows: RatingsTable | Iterable[RatingRow], stream: TextIO) -> None:
    """Write every column of the contract as CSV to a text stream opened with ``newline=""``."""
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows.rows() if isinstance(rows, RatingsTable) else rows:
        writer.writerow([_text(getattr(row, column)) for column in COLUMNS])


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
    doubled = [column for column in COLUMNS if columns.count(column) > 1]
    if doubled:
        raise RatingsError(f"{where}: column {', '.join(doubled)} stands there more than once.")
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        other = next((mark for mark in (";", "\t") if len(columns) == 1 and mark in columns[0]), None)
        kind = {";": "semicolons", "\t": "tabs", None: ""}[other]
        hint = f" The columns look separated by {kind}; save the file with commas." if kind else ""
        there = ", ".join(columns)[:200]
        raise RatingsError(f"{where}: missing column {', '.join(missing)}. Columns there: {there}.{hint}")


def _table(rows: Sequence[RatingRow], name: str, lines: Sequence[int] | None = None) -> RatingsTable:
    if not rows:
        raise RatingsError(f"{name} holds no ratings.")
    check(rows, lambda i: f"line {lines[i]}" if lines else f"row {i + 1}", name)
    group_of = {row.rater: row.group for row in rows}
    raters = sorted(group_of, key=lambda rater: (_natural(group_of[rater]), _natural(rater)))
    groups = sorted(set(group_of.values()), key=_natural)
    images = sorted({row.image for row in rows}, key=_natural)
    texts = {column: tuple(_text(getattr(row, column)) for row in rows) for column in OPTIONAL}
    return RatingsTable(
        raters=tuple(raters),
        groups=tuple(groups),
        images=tuple(images),
        rater=_codes(raters, (row.rater for row in rows)),
        group=_codes(groups, (row.group for row in rows)),
        image=_codes(images, (row.image for row in rows)),
        truth=_frozen(np.array([CODES[row.truth] for row in rows], dtype=np.int8)),
        answer=_frozen(np.array([CODES[row.answer or MISSING] for row in rows], dtype=np.int8)),
        optional={column: values for column, values in texts.items() if any(values)},
    )


def _codes(names: Sequence[str], values: Iterable[str]) -> NDArray[np.int64]:
    code = {name: i for i, name in enumerate(names)}
    return _frozen(np.array([code[value] for value in values], dtype=np.int64))


def _frozen(array: NDArray) -> NDArray:
    array.flags.writeable = False
    return array


def _natural(name: str) -> tuple:
    """Sort key that counts: "DLE2" before "DLE10"."""
    parts = re.split(r"([0-9]+)", name.casefold())
    digits = [(len(part.lstrip("0")), part.lstrip("0")) for part in parts[1::2]]
    return (parts[::2], digits, name)


def _text(value: object) -> str:
    return "" if value is None else str(value)
