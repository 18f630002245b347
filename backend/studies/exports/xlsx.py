"""Tables as Excel workbooks, row by row."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from backend.studies.exports.sheets import Column, Sheet
from backend.studies.exports.texts import moment, plain

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_576
"""Rows of a sheet with its header: Excel's limit. The next ones follow on a second sheet."""
LONGEST = 32_767
CUT = " [cut: the CSV has all of it]"


def write_xlsx(sheet: Sheet, out: BinaryIO, most_rows: int = MOST_ROWS) -> None:
    """A workbook of one sheet, or of as many as the rows need, and a last one that explains the columns.

    Texts are stored as texts, so that none is ever a formula; numbers are numbers; times are texts, since
    Excel's own have neither a zone nor microseconds.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 - to be loaded when somebody wants a workbook

    workbook = Workbook(out, {"constant_memory": True, "in_memory": False})
    name, number, at = sheet.name, 1, 0
    page = _page(workbook, name, sheet.columns)
    for row in sheet.rows:
        at += 1
        if at == most_rows:
            number, at = number + 1, 1
            page = _page(workbook, f"{name} {number}", sheet.columns)
        _write(page, at, row)
    about = workbook.add_worksheet("columns")
    _write(about, 0, ("column", "kind", "what"))
    for at, one in enumerate(sheet.columns, start=1):
        _write(about, at, (one.name, one.kind, one.meaning))
    workbook.close()


def _page(workbook: "Workbook", name: str, columns: Sequence[Column]) -> "Worksheet":
    page = workbook.add_worksheet(name)
    page.freeze_panes(1, 0)
    _write(page, 0, [one.name for one in columns])
    return page


def _write(page: "Worksheet", at: int, row: Sequence[Any]) -> None:
    for place, value in enumerate(row):
        if isinstance(value, int | float):
            page.write_number(at, place, value)
        elif value is not None:
            page.write_string(at, place, _text(value))


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return moment(value)
    text = value if isinstance(value, str) else plain(value)
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT
