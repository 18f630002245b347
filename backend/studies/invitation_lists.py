"""Inviting from a list: a CSV text in, all of its raters invited or none, and a CSV of their links out."""

import csv
import io
import unicodedata
from collections.abc import Iterable

from sqlalchemy.orm import Session

from backend.studies.exports.texts import defused
from backend.studies.invitations import Invited, Wanted, invite_all, require_usable, taken_in
from backend.studies.lifecycle import get_study, require_running
from backend.studies.people import identity
from backend.studies.refusals import Invalid, Refused

COLUMNS = ("group", "name", "email", "language", "real_name")
MOST_IN_LIST = 500
MOST_PROBLEMS = 20


def invite_list(session: Session, study_id: int, text: str, *, by: str = "") -> list[Invited]:
    """Invite every rater of a list; raises ``Invalid`` with a line for each problem, and invites nobody.

    The list is CSV with a header of ``COLUMNS``; commas, semicolons or tabs.
    """
    study = get_study(session, study_id, lock=True)
    require_running(study)
    taken = taken_in(session, study.id)
    wanted, problems = [], []
    for number, row in _rows(text):
        try:
            one = Wanted(row["group"], row["name"], identity(row["real_name"], row["email"], row["language"]))
            require_usable(study, one, taken)
        except Refused as problem:
            problems.append(f"line {number}: {problem}")
            continue
        taken.add(one, f"line {number}")
        wanted.append(one)
    if problems:
        more = len(problems) - MOST_PROBLEMS
        problems[MOST_PROBLEMS:] = [f"and {more} lines more."] if more > 0 else []
        raise Invalid("\n".join(["nobody was invited.", *problems]))
    if not 1 <= len(wanted) <= MOST_IN_LIST:
        raise Invalid(f"a list holds 1 to {MOST_IN_LIST} raters, not {len(wanted)}. Nobody was invited.")
    return invite_all(session, study_id, wanted, by=by)


def links_csv(invited: Iterable[Invited], base_url: str) -> str:
    """The links of raters as CSV, with no cell that a spreadsheet would execute."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(["name", "group", "link"])
    writer.writerows([defused(one.name), defused(one.group), one.link(base_url)] for one in invited)
    return file.getvalue()


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    """Each row with the number of its line; every column is there, if only empty."""
    text = unicodedata.normalize("NFC", text.removeprefix("\ufeff"))  # macOS may write accents apart
    if not text.strip():
        raise Invalid("the list is empty. Nobody was invited.")
    if "\x00" in text:
        raise Invalid("the list contains a control character. Save it as CSV (UTF-8) and try again.")
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter, strict=True)
    skipped = text[: len(text) - len(text.lstrip())].count("\n")
    found: list[tuple[int, dict[str, str]]] = []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _require_header(header)
        for cells in reader:
            line = reader.line_num + skipped
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                raise Invalid(
                    f"line {line} has {len(cells)} cells, the header {len(header)}. Nobody was invited."
                )
            given = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            found.append((line, {name: given.get(name, "") for name in COLUMNS}))
    except csv.Error as error:
        raise Invalid(f"line {reader.line_num + skipped} is no CSV ({error}). Nobody was invited.") from error
    return found


def _require_header(header: list[str]) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    if not header or unknown or len(set(header)) < len(header):
        wrong = f", not {', '.join(map(repr, unknown))}" if unknown else ", each once"
        raise Invalid(f"the first line names the columns: any of {', '.join(COLUMNS)}{wrong}.")
