"""From the ratings table to results, and from results to JSON and CSV. Every surface starts here."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from backend.analysis.agreement.agreement import AgreementResult, agreement_results
from backend.analysis.groups.spread import GroupResult, group_results
from backend.analysis.intervals import LEVEL
from backend.analysis.raters.confusion import RaterResult, rater_results
from backend.analysis.ratings import RatingsTable

TABLES = ("raters", "groups", "agreement")


@dataclass(frozen=True)
class Configuration:
    """What was asked for: how blanks count for a rater, and the confidence level of every interval."""

    blank_as_error: bool
    level: float


@dataclass(frozen=True)
class RatingsSummary:
    """What was analysed. ``sha256`` is the same for the same ratings in any order of rows and columns."""

    rows: int
    raters: int
    images: int
    real: int
    fake: int
    missing: int
    sha256: str


@dataclass(frozen=True)
class Results:
    """Everything that the analysis of one study gives, at full precision."""

    tool_version: str
    configuration: Configuration
    ratings: RatingsSummary
    raters: tuple[RaterResult, ...]
    groups: tuple[GroupResult, ...]
    agreement: tuple[AgreementResult, ...]


def analyze(table: RatingsTable, *, blank_as_error: bool = False, level: float = LEVEL) -> Results:
    """Analyse a study's ratings.

    Args:
        table: the ratings.
        blank_as_error: count a missing answer as a wrong one in the raters' (and so the groups') rates;
            agreement leaves it out either way.
        level: confidence level of the intervals, between 0 and 1.

    Raises:
        ValueError: for a level outside (0, 1).

    Example:
        >>> import io
        >>> from backend.analysis.ratings import read_ratings
        >>> text = "rater,group,image,truth,answer\\nA,ED,1,real,real\\nA,ED,2,fake,real\\n"
        >>> analyze(read_ratings(io.StringIO(text))).raters[0].accuracy
        0.5
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    raters = rater_results(table, blank_as_error=blank_as_error, level=level)
    return Results(
        tool_version=version("dermvtt"),
        configuration=Configuration(blank_as_error=blank_as_error, level=level),
        ratings=_summary(table),
        raters=raters,
        groups=group_results(raters),
        agreement=agreement_results(table, level=level),
    )


def to_dict(results: Results) -> dict[str, Any]:
    """The results as plain dictionaries, its rows flat (``accuracy_mean``) with the keys of JSON and CSV."""
    tables = {name: [_flat(asdict(row)) for row in getattr(results, name)] for name in TABLES}
    return {
        "tool_version": results.tool_version,
        "configuration": asdict(results.configuration),
        "ratings": asdict(results.ratings),
        **tables,
    }


def to_json(results: Results) -> str:
    """The results as indented JSON; what is undefined is null, never NaN."""
    return json.dumps(to_dict(results), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(results: Results, table: str) -> str:
    """One of ``TABLES`` as CSV at full precision; what is undefined is empty."""
    rows: Sequence[dict[str, Any]] = to_dict(results)[table]
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _summary(table: RatingsTable) -> RatingsSummary:
    truth = np.zeros(len(table.images), dtype=np.int64)
    truth[table.image] = table.truth
    real = int(truth.sum())
    return RatingsSummary(
        rows=len(table),
        raters=len(table.raters),
        images=len(table.images),
        real=real,
        fake=len(table.images) - real,
        missing=int(np.count_nonzero(table.answer < 0)),
        sha256=table.sha256(),
    )


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat.update({f"{key}_{inner}": number for inner, number in value.items()})
        else:
            flat[key] = value
    return flat
