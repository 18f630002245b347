"""Open enrolment: one link, by which each visitor who begins becomes a rater, up to a cap."""

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from sqlalchemy.orm import Session

from backend.database import enrolments, events, mixes, people, raters
from backend.database.tables import Enrolment, Person, Rater
from backend.languages import translatable
from backend.studies.invitations import (
    UNKNOWN_LINK,
    add_invitation,
    add_rater,
    require_group,
)
from backend.studies.lifecycle import get_study, require_not_archived, require_open, require_running
from backend.studies.pseudonyms import next_name, numbers_before
from backend.studies.refusals import Conflict, Invalid, Unknown
from backend.tokens import hash_token, new_token

MOST = 100_000
PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
EXTERNAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
CODE = re.compile(r"[A-Za-z0-9_-]{0,64}")
FULL = translatable("This study has found all its raters. Thank you for your interest.")
SWITCHED_OFF = translatable("This study takes no new raters at the moment.")
NO_ID = translatable(
    "This link is not complete: {parameter} is missing or not usable. Please open it from where you found it."
)


@dataclass(frozen=True)
class Terms:
    """What an admin decides about a study's link."""

    cap: int
    group: str = ""
    parameter: str = ""
    completion_code: str = ""
    return_url: str = ""


def set_up(session: Session, study_id: int, terms: Terms, *, renew: bool = False, by: str = "") -> str:
    """Set the terms of a study's link; the token of a new one where there was none or ``renew`` asks for it,
    else nothing. A new link ends the one before.
    """
    study = get_study(session, study_id, lock=True)
    require_running(study)
    require_group(study, terms.group)
    _require_usable(terms)
    held, token = enrolments.of_study(session, study_id), ""
    if held is None:
        held = Enrolment(study_id=study_id, is_open=True, created_at=datetime.now(UTC), enrolled=0)
        renew = True
    if renew:
        token = new_token()
        held.token_hash, held.is_open = hash_token(token), True
    for name, value in vars(terms).items():
        setattr(held, name, value)
    session.add(held)
    events.add(session, study_id, "enrolment set", by=by, cap=terms.cap, new_link=renew)
    return token


def switch(session: Session, study_id: int, is_open: bool, *, by: str = "") -> None:
    """Let a study's link take new raters, or not."""
    require_not_archived(get_study(session, study_id, lock=True))
    held = enrolments.of_study(session, study_id)
    if held is None:
        raise Unknown("the study has no link for enrolment.")
    held.is_open = is_open
    events.add(session, study_id, "enrolment opened" if is_open else "enrolment closed", by=by)


def visit(session: Session, token: str) -> Enrolment:
    """The enrolment of a link, or ``Unknown``; nothing is recorded."""
    held = enrolments.by_token_hash(session, hash_token(token))
    if held is None:
        raise Unknown(UNKNOWN_LINK)
    return held


def external_id(held: Enrolment, given: str) -> str | None:
    """The visitor's id at her panel, where the study wants one; raises ``Invalid`` without."""
    if not held.parameter:
        return None
    if not EXTERNAL_ID.fullmatch(given):
        raise Invalid(NO_ID, parameter=held.parameter)
    return given


def own_token(secret: bytes, page: str) -> str:
    """The token that whoever presses the button of a page gets; empty without the page's number.

    It follows from the page, so that a button that is pressed twice makes one rater, and not from that alone:
    nobody chooses a token that others can guess.
    """
    if not page:
        return ""
    drawn = hmac.new(secret, f"join:{page}".encode(), "sha256").digest()
    return base64.urlsafe_b64encode(drawn[:24]).decode()


def enrol(session: Session, token: str, given: str = "", language: str = "", own: str = "") -> str:
    """Make the visitor a rater, or find the one that she is by her external id; the token of her own link.

    ``own`` is the token that a new rater gets, and the visitor if she is one by it already. Two at once wait
    for each other, so that the cap holds, and one external id or one ``own`` is one rater.
    """
    study_id = visit(session, token).study_id
    # Who comes back waits for no other visitor, nor they for her: her answers hold her, then the study.
    if known_by := _known_already(session, token, given):
        return known_by
    study = get_study(session, study_id, lock=True)
    held = enrolments.of_study(session, study.id)
    if held is None:
        raise Unknown(UNKNOWN_LINK)
    session.refresh(held)
    if held.token_hash != hash_token(token):
        raise Unknown(UNKNOWN_LINK)
    require_open(study)
    known = external_id(held, given)
    if known_by := _known_already(session, token, given):
        return known_by
    if own and raters.token_was_given(session, hash_token(own)):
        return own
    if not held.is_open:
        raise Conflict(SWITCHED_OFF)
    if held.enrolled >= held.cap:
        raise Conflict(FULL)
    held.enrolled += 1
    images = {image.public_id: image.id for image in mixes.images_of(session, study.id)}
    taken, earlier = raters.names(session, study.id), numbers_before(session, study.id)
    name = next_name(held.group, taken, earlier)
    rater = add_rater(session, study, held.group, name, images, enrolled=True)
    if known:
        session.add(Person(rater_id=rater.id, study_id=study.id, external_id=known, language=language))
    return add_invitation(session, rater, own)


def _known_already(session: Session, token: str, given: str) -> str:
    """A further link for who has this external id, or nothing if nobody has."""
    held = visit(session, token)
    require_open(held.study)
    known = external_id(held, given)
    person = people.by_external_id(session, held.study_id, known) if known else None
    rater = raters.by_id(session, person.rater_id, lock=True) if person else None
    if rater is None:
        return ""
    if not people.has_link(session, rater.id):
        raise Unknown(UNKNOWN_LINK)  # her link was revoked: this is no way round it
    return add_invitation(session, rater)


@dataclass(frozen=True)
class Farewell:
    """What a rater who enrolled takes back to where she came from."""

    completion_code: str
    return_url: str


def farewell(session: Session, rater: Rater) -> Farewell | None:
    """The completion code and the address to return to, once she has submitted."""
    held = enrolments.of_study(session, rater.study_id)
    if held is None or not rater.enrolled or rater.submitted_at is None:
        return None
    person = people.of_rater(session, rater.id)
    known = (person.external_id if person else None) or ""
    return Farewell(held.completion_code, held.return_url.replace("{id}", quote(known, safe="")))


def _require_usable(terms: Terms) -> None:
    if not 1 <= terms.cap <= MOST:
        raise Invalid(f"the cap must be 1 to {MOST} raters, not {terms.cap}.")
    if terms.parameter and not PARAMETER.fullmatch(terms.parameter):
        raise Invalid(
            "the parameter must be a letter and up to 31 letters, digits or _, such as PROLIFIC_PID."
        )
    if not CODE.fullmatch(terms.completion_code):
        raise Invalid("the completion code may have at most 64 letters, digits, - or _.")
    try:
        parts = urlsplit(terms.return_url)
        usable = parts.scheme == "https" and bool(parts.netloc)
    except ValueError:
        usable = False
    printable = terms.return_url.isascii() and terms.return_url.isprintable() and " " not in terms.return_url
    if terms.return_url and not (usable and printable and len(terms.return_url) <= 500):
        raise Invalid("the address to return to must begin with https:// and have at most 500 characters.")
