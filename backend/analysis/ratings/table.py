"""The ratings table: a study's answers as arrays, one position for each row of the CSV."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backend.analysis.ratings.rows import (
    EVERYONE,
    FAKE,
    MISSING,
    OPTIONAL,
    REAL,
    REPEATS,
    REQUIRED,
    RatingRow,
    RatingsError,
    as_text,
    check,
)

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
        return build([row.tidied() for row in rows], name)

    def __len__(self) -> int:
        return len(self.rater)

    @property
    def rater_group(self) -> NDArray[np.int64]:
        """Each rater's group code, in the order of ``raters``."""
        codes = np.zeros(len(self.raters), dtype=np.int64)
        codes[self.rater] = self.group
        return codes

    @cached_property
    def answers(self) -> NDArray[np.int8]:
        """The answers as a matrix (raters, images): 1 real, 0 fake, -1 missing or never shown."""
        matrix = np.full((len(self.raters), len(self.images)), CODES[MISSING], dtype=np.int8)
        matrix[self.rater, self.image] = self.answer
        return _frozen(matrix)

    @cached_property
    def truths(self) -> NDArray[np.int8]:
        """The truth of each of ``images``: 1 real, 0 fake."""
        truths = np.zeros(len(self.images), dtype=np.int8)
        truths[self.image] = self.truth
        return _frozen(truths)

    def members(self, group: str) -> NDArray[np.bool_]:
        """Which of ``raters`` are in a group; everyone for ``all``."""
        if group == EVERYONE:
            return np.full(len(self.raters), True)
        return self.rater_group == self.groups.index(group)

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


def build(rows: Sequence[RatingRow], name: str, lines: Sequence[int] | None = None) -> RatingsTable:
    """The table of tidied rows; an error calls them ``name``, with ``lines``. Raises ``RatingsError``."""
    if not rows:
        raise RatingsError(f"{name} holds no ratings.")
    check(rows, lambda i: f"line {lines[i]}" if lines else f"row {i + 1}", name)
    group_of = {row.rater: row.group for row in rows}
    raters = sorted(group_of, key=lambda rater: (_natural(group_of[rater]), _natural(rater)))
    groups = sorted(set(group_of.values()), key=_natural)
    images = sorted({row.image for row in rows}, key=_natural)
    texts = {column: tuple(as_text(getattr(row, column)) for row in rows) for column in (*OPTIONAL, *REPEATS)}
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
