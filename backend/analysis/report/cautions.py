"""What a reader must know before she believes a number of this report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from backend.analysis.ratings import RatingsError, RatingsTable
from backend.analysis.ratings.numbers import labels, numbers
from backend.analysis.text import listed

if TYPE_CHECKING:
    from backend.analysis.report.results import Results

NUMBERS = ("position", "revisions", "confidence", "response_ms", "repeat_position")
ANSWERS = ("first_answer", "repeat_answer")
FEW_RATERS, FEW_IMAGES = 5, 10
ALPHA = 0.05
NAMED = 5


def usable(table: RatingsTable) -> tuple[RatingsTable, tuple[str, ...]]:
    """The table without optional columns that cannot be read, and a warning for each of those."""
    warnings = {}
    for column in (*NUMBERS, *ANSWERS):
        try:
            (labels if column in ANSWERS else numbers)(table, column)
        except RatingsError as error:
            first = str(error).splitlines()[0]
            warnings[column] = f"The column {column} is left out, with all that rests on it. {first}"
    kept = {name: texts for name, texts in table.optional.items() if name not in warnings}
    return (replace(table, optional=kept) if warnings else table), tuple(warnings.values())


def cautions(results: Results) -> tuple[str, ...]:
    """Warnings about a study's ratings and about what can be concluded from them."""
    return tuple(
        text
        for about in (_missing, _one_kind, _few, _smallest_p, _one_answer, _level)
        for text in about(results)
    )


def _missing(results: Results) -> Iterator[str]:
    of, convention = results.ratings, results.configuration.convention
    silent = [rater.rater for rater in results.raters if rater.n == 0]
    if of.missing:
        counted = {
            "missing": "They are left out, as if missing at random",
            "blank_as_error": "They count as errors in the rates, and are left out of agreement",
            "paper": "They count as errors, and Fleiss' kappa takes every image as fully rated, as Baur et "
            "al. (2018) did: these kappas are not agreement among the answers given",
        }[convention]
        yield f"{of.missing} of {of.rows} answers are missing. {counted}."
    if silent and convention == "missing":
        yield f"Nothing was answered by {listed(silent, NAMED)}: there is no rate of theirs."


def _one_kind(results: Results) -> Iterator[str]:
    of = results.ratings
    if not of.fake or not of.real:
        kind = "real" if of.real else "fake"
        yield f"All images are {kind}: accuracy says only how often raters answered {kind!r}."


def _few(results: Results) -> Iterator[str]:
    of = results.ratings
    if of.raters == 1:
        yield "There is one rater: nothing here speaks of other raters."
    elif of.raters < FEW_RATERS:
        yield f"There are {of.raters} raters: how raters differ is estimated from very few of them."
    if 0 < min(of.real, of.fake) < FEW_IMAGES:
        yield f"There are {of.real} reals and {of.fake} fakes: too few images to speak of others."
    lonely = [group.group for group in results.groups[:-1] if group.raters == 1]
    if lonely and of.raters > 1:
        alone = listed(lonely, NAMED)
        yield f"One rater alone is in {alone}: such a group says nothing about its kind of rater."


def _smallest_p(results: Results) -> Iterator[str]:
    for row in results.comparisons:
        if row.measure == "accuracy" and row.smallest_p is not None and row.smallest_p > ALPHA:
            yield (
                f"Groups {row.group_a} and {row.group_b} are too small to differ significantly, whatever "
                f"their rates: the smallest p that {row.raters_a} and {row.raters_b} raters allow is "
                f"{row.smallest_p:.3f}."
            )


def _one_answer(results: Results) -> Iterator[str]:
    same = [rater.rater for rater in results.raters if rater.n > 1 and rater.tp + rater.fp in (0, rater.n)]
    if same and results.configuration.convention == "missing":
        yield f"Every image got the same answer from {listed(same, NAMED)}."


def _level(results: Results) -> Iterator[str]:
    if results.configuration.level != 0.95:
        yield f"All intervals are at {results.configuration.level * 100:g} %."
