"""The exports of a study: what each holds, column by column, and where its rows come from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from backend.database import events, exports, mixes, raters, ratings
from backend.database.exports import Participant
from backend.database.tables import Study
from backend.studies.exports import columns
from backend.studies.exports.sheets import Column, Rows, Sheet
from backend.studies.options import options_of

QUESTION = "q_"
"""Before a question's id in the name of its column: no question can take the place of another column."""


@dataclass(frozen=True)
class Export:
    """A table that every study has. ``more`` gives columns that only this study has, beside its rows."""

    title: str
    meaning: str
    columns: tuple[Column, ...]
    rows: Callable[[Session, Study], Rows]
    more: Callable[[Session, Study], tuple[Column, ...]] = lambda _session, _study: ()

    def sheet(self, name: str, session: Session, study: Study) -> Sheet:
        """The table of one study, read as it is taken."""
        return Sheet(name, self.columns + self.more(session, study), self.rows(session, study))


def _ratings(session: Session, study: Study) -> Rows:
    names = [one.name for one in (*columns.RATINGS, *_repeat_columns(session, study)) if one != columns.STUDY]
    at = columns.RATINGS.index(columns.STUDY)
    for final in ratings.final_ratings(session, study.id):
        row = [getattr(final, name) for name in names]
        row.insert(at, study.id)
        yield row


def _repeat_columns(_session: Session, study: Study) -> tuple[Column, ...]:
    return columns.REPEATS if options_of(study).repeats else ()


def _history(session: Session, study: Study) -> Rows:
    for row in exports.history(session, study.id):
        yield [study.id, *row]


def _viewings(session: Session, study: Study) -> Rows:
    yield from exports.viewings(session, study.id)


def _participants(session: Session, study: Study) -> Rows:
    found = exports.participants(session, study.id)
    asked = _questions(study, found)
    for one in found:
        rater = one.rater
        yield [
            rater.name,
            rater.group,
            one.language,
            rater.consented_at,
            rater.consent_version,
            rater.submitted_at,
            rater.first_choice,
            *(_told(rater.form.get(question), kind) for question, kind in asked.items()),
        ]


def _question_columns(session: Session, study: Study) -> tuple[Column, ...]:
    asked = _questions(study, exports.participants(session, study.id))
    return tuple(
        Column(f"{QUESTION}{name}", kind, f"Her answer to the question {name}.")
        for name, kind in asked.items()
    )


def _questions(study: Study, found: Iterable[Participant]) -> dict[str, Any]:
    """The questions of a study, and those asked earlier that somebody answered: each with its answers' kind.

    A question may have been of another kind earlier: its answers are numbers only where all of them are.
    """
    asked = [question.id for question in options_of(study).questions]
    given: dict[str, list[Any]] = {}
    for one in found:
        for name, value in one.rater.form.items():
            if value is not None:
                given.setdefault(name, []).append(value)
    names = asked + sorted(set(given) - set(asked))
    numbers = {name: all(isinstance(value, int | float) for value in given.get(name, [""])) for name in names}
    return {name: "number" if numbers[name] else "text" for name in names}


def _told(value: Any, kind: str) -> Any:
    if value is None:
        return None
    return float(value) if kind == "number" else str(value)


def _raters(session: Session, study: Study) -> Rows:
    for one in raters.progress(session, study.id):
        rater = one.rater
        state = "submitted" if rater.submitted_at else "rating" if rater.consented_at else "invited"
        yield [
            rater.name,
            rater.group,
            rater.number,
            rater.order_row,
            state,
            "yes" if one.invited else "no",
            rater.created_at,
            rater.consented_at,
            rater.submitted_at,
            one.images,
            one.answered,
            int(one.revisions),  # a sum is a decimal to PostgreSQL
            one.last_seen,
        ]


def _events(session: Session, study: Study) -> Rows:
    names = {one.rater.id: one.rater.name for one in raters.progress(session, study.id)}
    for event in events.everything(session, study.id):
        rater = names.get(event.rater_id or 0)
        by = "admin" if event.by and event.by != events.ELSEWHERE else None
        yield [event.at, event.kind, rater, by, event.details]


def _images(session: Session, study: Study) -> Rows:
    sources = mixes.sources(session, study.id)
    for image in mixes.images_of(session, study.id):
        held = image.provenance
        yield [
            image.public_id,
            image.mix_id,
            image.truth,
            sources[image.id],
            held.get("diagnosis"),
            image.sha256,
            held,
        ]


EXPORTS: dict[str, Export] = {
    "ratings": Export(
        "Ratings",
        "Each rater's current answer to each image: a row for every image of every rater who agreed to take "
        "part. `dermvtt analyze` reads the CSV. Where raters are shown images a second time, two columns "
        "follow, and all others are of the first showing: `repeat_position`, where in her order the image "
        "came again (empty: it did not), and `repeat_answer`, her last answer then.",
        columns.RATINGS,
        _ratings,
        _repeat_columns,
    ),
    "history": Export(
        "History",
        "Every answer ever given, by rater, in the order in which they were given.",
        columns.HISTORY,
        _history,
    ),
    "viewings": Export(
        "Viewing times",
        "One row a rater and showing of an image that was on her screen. A stay is from the image's "
        "appearance until it was left.",
        columns.VIEWINGS,
        _viewings,
    ),
    "participants": Export(
        "Participants",
        "One row a rater who agreed to take part. Beside these columns one a question, `q_` and the "
        "question's id, such as `q_years`, with her answer; questions that are asked no more have one as "
        "long as somebody answered them.",
        columns.PARTICIPANTS,
        _participants,
        _question_columns,
    ),
    "raters": Export(
        "Raters",
        "One row a rater who was invited, and how far she is. No links: only their fingerprints are stored.",
        columns.RATERS,
        _raters,
    ),
    "events": Export(
        "Events",
        "What changed the course of the study, the oldest first.",
        columns.EVENTS,
        _events,
    ),
    "images": Export(
        "Images",
        "The images of the study with their truth, and what they derive from.",
        columns.IMAGES,
        _images,
    ),
}
