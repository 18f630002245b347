"""The logistic models of a study: what is regressed on what, for which raters. GEE and the mixed model share
them.

With truth coded +1/2 for a real image and -1/2 for a fake, log-odds of the answer *real* are bias + truth x
discrimination, and those of a right answer are discrimination / 2 + 2 truth x bias. Each of the two is taken
from the model where it belongs to the intercept, because there the random intercept lets raters differ in it:
with raters who differ in discrimination (SD 0.5), an interval taken from the slope covered 86 % instead of 95
%.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from backend.analysis.ratings.rows import EVERYONE
from backend.analysis.ratings.table import RatingsTable

Ints = NDArray[np.int64]

LARGEST = 250_000
CORRECT = ("wrong", "right")
ANSWER = ("fake", "real")


@dataclass(frozen=True)
class Term:
    """A coefficient that is reported: ``factor`` times that of column ``column``."""

    name: str
    column: int
    factor: float = 1.0


@dataclass(frozen=True, eq=False)
class StudyModel:
    """A logistic model of the answers of a group, without missing ones.

    Attributes:
        model: ``accuracy``, ``discrimination``, ``bias`` or ``group_difference``.
        group: a group, or ``all`` raters.
        formula: the fixed part.
        y, X, rater, image: the responses, the fixed part, and whose answer to which image.
        terms: the coefficients that are reported.
        degenerate: why the model cannot be fitted, where the answers show that at once.
    """

    model: str
    group: str
    formula: str
    y: Ints
    X: NDArray[np.float64]
    rater: Ints
    image: Ints
    terms: tuple[Term, ...]
    degenerate: str | None


def study_models(table: RatingsTable, largest: int = LARGEST) -> Iterator[StudyModel]:
    """Accuracy, discrimination and bias of each group and of all raters, and how the groups differ."""
    for group in (*table.groups, EVERYONE):
        answers = _Answers.of(table, group)
        half = np.column_stack([np.ones(len(answers.truth)), answers.truth - 0.5])
        split = (answers.truth, ("to a fake image", "to a real image"))
        whole = (0 * answers.truth, ("",))
        right, real = (answers.right, CORRECT), (answers.answer, ANSWER)
        build = partial(_model, answers, largest)
        yield build("accuracy", "correct ~ 1", right, half[:, :1], whole, (Term("intercept", 0),))
        term = Term("discrimination", 0, 2.0)
        yield build("discrimination", "correct ~ 1 + truth", right, half, split, (term,))
        yield build("bias", "answer ~ 1 + truth", real, half, split, (Term("bias", 0),))
    if len(table.groups) > 1:
        yield _difference(table, largest)


def _difference(table: RatingsTable, largest: int) -> StudyModel:
    """The right answers' log-odds of each group less those of the first."""
    answers = _Answers.of(table, EVERYONE)
    group = table.rater_group[answers.rater]
    first, *others = table.groups
    columns = [np.ones(len(group)), *(group == code for code in range(1, len(table.groups)))]
    found = _model(
        answers,
        largest,
        "group_difference",
        "correct ~ 1 + group",
        (answers.right, CORRECT),
        np.column_stack(columns).astype(np.float64),
        (group, tuple(f"of group {name}" for name in table.groups)),
        tuple(Term(f"{name} - {first}", column) for column, name in enumerate(others, start=1)),
    )
    if found.degenerate is None and len(np.unique(answers.rater)) <= len(table.groups):
        reason = "one rater in each group: raters' differences cannot be told from the groups'"
        return replace(found, degenerate=reason)
    return found


@dataclass(frozen=True, eq=False)
class _Answers:
    """A group's answers, one a row, without missing ones."""

    group: str
    rater: Ints
    image: Ints
    answer: Ints
    truth: Ints

    @classmethod
    def of(cls, table: RatingsTable, group: str) -> "_Answers":
        rater, image = np.nonzero((table.answers >= 0) & table.members(group)[:, None])
        answer, truth = table.answers[rater, image], table.truths[image]
        return cls(group, rater, image, answer.astype(np.int64), truth.astype(np.int64))

    @property
    def right(self) -> Ints:
        return (self.answer == self.truth).astype(np.int64)


def _model(
    answers: _Answers,
    largest: int,
    model: str,
    formula: str,
    response: tuple[Ints, tuple[str, str]],
    X: NDArray[np.float64],
    strata: tuple[Ints, tuple[str, ...]],
    terms: tuple[Term, ...],
) -> StudyModel:
    """A model of a response, with the words for its 0 and 1, whose X is constant within strata."""
    y, words = response
    reason = _one_sided(y, *strata, words)
    if len(y) > largest:
        reason = f"{len(y):,} answers are more than the report fits ({largest:,})"
    return StudyModel(model, answers.group, formula, y, X, answers.rater, answers.image, terms, reason)


def _one_sided(y: Ints, stratum: Ints, names: Sequence[str], words: tuple[str, str]) -> str | None:
    """Why the log-odds of a stratum are infinite, or not there at all."""
    if len(y) == 0:
        return "no answer"
    count = np.bincount(stratum, minlength=len(names))
    ones = np.bincount(stratum, weights=y, minlength=len(names))
    for name, of, found in zip(names, count, ones, strict=True):
        if of == 0:
            return f"no answer {name}".strip()
        if found in (0, of):
            answers = " ".join(["every answer", name]).strip()
            return f"{answers} is {words[int(found > 0)]}: the log-odds are infinite"
    return None
