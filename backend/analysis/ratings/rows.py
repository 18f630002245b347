"""One row of the ratings table, and the rules that a table's rows must keep together."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from training.errors import UserError

REAL, FAKE, MISSING = "real", "fake", ""
EVERYONE = "all"
REQUIRED = ("rater", "group", "image", "truth", "answer")
OPTIONAL = (
    "study",
    "source",
    "position",
    "first_answer",
    "revisions",
    "confidence",
    "response_ms",
    "answered_at",
    "diagnosis",
)
COLUMNS = (*REQUIRED, *OPTIONAL)
REPEATS = ("repeat_position", "repeat_answer")
"""Columns beyond these, of ratings whose raters were shown images a second time."""
SHOWN = 5


class RatingsError(UserError):
    """The ratings cannot be analysed: the message names the file, the line, the column and the remedy."""


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One rater's current answer to one image; where she was shown it twice, to the first showing.

    ``truth`` and ``answer`` are ``real`` or ``fake``; an ``answer`` that is empty or ``None`` is a missing
    rating. The optional columns are carried along as text and not interpreted.
    """

    rater: str
    group: str
    image: str
    truth: str
    answer: str | None = None
    study: str | None = None
    source: str | None = None
    position: int | str | None = None
    first_answer: str | None = None
    revisions: int | str | None = None
    confidence: float | str | None = None
    response_ms: float | str | None = None
    answered_at: str | None = None
    diagnosis: str | None = None
    repeat_position: int | str | None = None
    repeat_answer: str | None = None

    def tidied(self) -> "RatingRow":
        """The same row without surrounding blanks, its labels in lower case, a missing answer as ``""``."""
        return replace(
            self,
            rater=self.rater.strip(),
            group=self.group.strip(),
            image=self.image.strip(),
            truth=self.truth.strip().lower(),
            answer=(self.answer or MISSING).strip().lower(),
            study=(self.study or "").strip(),
        )


Problem = tuple[int, str, str]
Place = Callable[[int], str]


def check(rows: Sequence[RatingRow], place: Place, name: str) -> None:
    """Hold tidied ``rows`` against every rule; ``place`` says where in ``name`` a row came from.

    Raises ``RatingsError`` with the first few breaches of the first rule that is broken.
    """
    for rule in (_named, _labelled, _unreserved, _unrepeated, _one_truth, _one_group, _one_study):
        found = (
            f"{name}, {place(index)}, column {column}: {text}" for index, column, text in rule(rows, place)
        )
        refuse(found)


def refuse(problems: Iterator[str]) -> None:
    """Raise ``RatingsError`` with the first few of ``problems``; do nothing where there are none."""
    first = list(islice(problems, SHOWN))
    if first:
        further = sum(1 for _ in problems)
        tail = [f"... and {further} more of the kind."] if further else []
        raise RatingsError("\n".join(first + tail))


def _named(rows: Sequence[RatingRow], _: Place) -> Iterator[Problem]:
    for index, row in enumerate(rows):
        for column in ("rater", "group", "image"):
            if not getattr(row, column):
                yield index, column, "is empty; every row needs one."


def _labelled(rows: Sequence[RatingRow], _: Place) -> Iterator[Problem]:
    for index, row in enumerate(rows):
        if row.truth not in (REAL, FAKE):
            yield index, "truth", f"{row.truth!r} is neither 'real' nor 'fake'."
        if row.answer not in (REAL, FAKE, MISSING):
            yield index, "answer", f"{row.answer!r} is neither 'real' nor 'fake', nor empty (not answered)."


def _unreserved(rows: Sequence[RatingRow], _: Place) -> Iterator[Problem]:
    for index, row in enumerate(rows):
        if row.group.lower() == EVERYONE:
            yield index, "group", f"{row.group!r} stands for all raters; give the group another name."


def _unrepeated(rows: Sequence[RatingRow], place: Place) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    for index, row in enumerate(rows):
        first = seen.setdefault((row.rater, row.image), index)
        if first != index:
            text = f"rater {row.rater!r} and image {row.image!r} already stand in {place(first)}."
            yield index, "image", text


def _one_truth(rows: Sequence[RatingRow], place: Place) -> Iterator[Problem]:
    for index, first in _conflicts(rows, lambda row: row.image, lambda row: row.truth):
        row, other = rows[index], rows[first].truth
        yield index, "truth", f"image {row.image!r} is {row.truth!r} here and {other!r} in {place(first)}."


def _one_group(rows: Sequence[RatingRow], place: Place) -> Iterator[Problem]:
    for index, first in _conflicts(rows, lambda row: row.rater, lambda row: row.group):
        row, other = rows[index], rows[first].group
        text = f"rater {row.rater!r} is in group {row.group!r} here and in {other!r} in {place(first)}."
        yield index, "group", text


def _one_study(rows: Sequence[RatingRow], place: Place) -> Iterator[Problem]:
    for index, first in _conflicts(rows, lambda _: None, lambda row: row.study):
        row, other = rows[index], rows[first].study
        text = f"study {row.study!r} here and {other!r} in {place(first)}; analyse one study at a time."
        yield index, "study", text


def _conflicts(
    rows: Sequence[RatingRow], key: Callable[[RatingRow], Hashable], value: Callable[[RatingRow], str | None]
) -> Iterator[tuple[int, int]]:
    """Indices of rows whose value differs from the first row of the same key, each with that first row."""
    seen: dict[Hashable, int] = {}
    for index, row in enumerate(rows):
        first = seen.setdefault(key(row), index)
        if value(rows[first]) != value(row):
            yield index, first


def as_text(value: object) -> str:
    """A field as it stands in the CSV: nothing for ``None``."""
    return "" if value is None else str(value)
