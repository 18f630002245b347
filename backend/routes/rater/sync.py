"""Answers and viewings as the script sends them, and the state in which it finds the study."""

import logging
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field, SkipValidation

from backend.database import desk
from backend.database.desk import Current, Held
from backend.database.tables import Rater
from backend.routes.dependencies import DatabaseDep, DeskDep
from backend.routes.rater.visit import PREFIX, Visit, VisitDep
from backend.studies.answers import MOST_AT_ONCE, Answer, Viewing, claimed_id, parse_answer, parse_viewing
from backend.studies.invitations import admit
from backend.studies.recording import Parcel, Refusal
from backend.studies.refusals import Refused, Unknown
from backend.tokens import hash_token

router = APIRouter(prefix=PREFIX)
log = logging.getLogger("dermvtt.rating")

Parsed = TypeVar("Parsed")


class Batch(BaseModel):
    """What waited in a browser. Entries are held against their schema one by one."""

    answers: list[SkipValidation[Answer]] = Field(default_factory=list, max_length=MOST_AT_ONCE)
    viewings: list[SkipValidation[Viewing]] = Field(default_factory=list, max_length=MOST_AT_ONCE)
    known: int | None = Field(default=None, ge=0, description="the count of the last state that came")


class RefusedEntry(BaseModel):
    """Why an entry was not taken; ``final``: it never can be, so it need not be sent again."""

    id: str
    error: str
    final: bool


class State(BaseModel):
    """A rater's current answers with their confidence, by position, and whether she may go on.

    ``count`` is how many ratings of hers there are. The answers are left out where the script knows them.
    """

    answers: Current | None
    count: int
    submitted: bool
    open: bool


class Reply(BaseModel):
    """What became of each entry. An id in ``saved`` is on disk."""

    saved: list[str]
    refused: list[RefusedEntry]
    state: State


@router.post("/answers")
async def take(visit: VisitDep, at: DeskDep, batch: Annotated[Batch, Body()]) -> Reply:
    """Store answers and viewings; when this returns, what is named in ``saved`` is on disk."""
    answers, bad_answers = _parse_all(parse_answer, batch.answers)
    viewings, bad_viewings = _parse_all(parse_viewing, batch.viewings)
    receipt = await at.hand_in(Parcel(visit.token, answers, viewings, known=batch.known))
    rater = receipt.rater
    if rater.consented_at is None:
        # Nothing of hers could be waiting: whoever sends this has not read the first page.
        raise receipt.refused[0].reason if receipt.refused else Unknown("There is no such page.")
    visit.count(len({one.id for one in answers}.intersection(receipt.saved)))
    refused = [*bad_answers, *bad_viewings, *receipt.refused]
    return Reply(
        saved=receipt.saved,
        refused=_told(visit, rater, refused) if refused else [],
        state=_state(rater, receipt.answers, receipt.count),
    )


@router.get("/state")
def state(visit: VisitDep, database: DatabaseDep) -> State:
    """Her current answers, whichever device they came from."""
    with database.read() as session:
        rater = admit(session, visit.token)
        if rater.consented_at is None:
            raise Unknown("There is no such page.")
        count = desk.look(session, [hash_token(visit.token)], []).counts.get(rater.id, 0)
        return _state(rater, desk.current(session, [rater.id])[rater.id], count)


def _told(visit: Visit, rater: Held, refused: list[Refusal]) -> list[RefusedEntry]:
    for one in refused:
        log.warning("refused an entry of rater %s: %s", rater.id, one.reason)
    translate = visit.pages.languages.catalogue(visit.language(rater)).gettext
    return [RefusedEntry(id=one.id, error=one.reason.told(translate), final=one.final) for one in refused]


def _state(rater: Rater | Held, answers: Current | None, count: int) -> State:
    return State(
        answers=answers,
        count=count,
        submitted=rater.submitted_at is not None,
        open=rater.study.state == "open",
    )


def _parse_all(parse: Callable[[Any], Parsed], given: list[Any]) -> tuple[list[Parsed], list[Refusal]]:
    parsed, refused = [], []
    for entry in given:
        try:
            parsed.append(parse(entry))
        except Refused as reason:
            refused.append(Refusal(claimed_id(entry), reason, final=True))
    return parsed, refused
