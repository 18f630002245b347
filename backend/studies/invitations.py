"""Inviting raters: a name, a group, an order of their own and a link that only they know."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from backend.database import mixes, raters
from backend.database.tables import Invitation, Presentation, Rater, Study
from backend.languages import translatable
from backend.studies.lifecycle import get_study, require_not_archived, require_running
from backend.studies.options import options_of
from backend.studies.randomisation import presentation_order
from backend.studies.refusals import Conflict, Invalid, Unknown
from backend.tokens import hash_token, new_token

MOST_AT_ONCE = 200
# A name begins with a letter: no spreadsheet takes it for a formula.
RATER_NAME = re.compile(r"[^\W\d_][\w .-]{0,63}")
UNGROUPED = "R"
UNKNOWN_LINK = translatable(
    "This link does not lead to a study. Please check that it is complete, or ask who sent it."
)


@dataclass(frozen=True)
class Invited:
    """A rater and the token of her link, which is stored nowhere and cannot be shown again."""

    name: str
    group: str
    token: str


def invite(session: Session, study_id: int, group: str, count: int = 1, name: str = "") -> list[Invited]:
    """Invite ``count`` raters of a group; without a name they are called ED1, ED2, ...

    Where the study asks its raters for their group, the group is empty, and they are called R1, R2, ...
    """
    name = name.strip()
    study = get_study(session, study_id, lock=True)
    require_running(study)
    if options_of(study).ask_group:
        if group:
            raise Invalid("the study asks its raters for their group: invite them without one.")
    elif group not in study.groups:
        raise Invalid(f"the study has no group {group!r}; its groups are {', '.join(study.groups)}.")
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid(f"invite 1 to {MOST_AT_ONCE} raters at once, not {count}.")
    taken = raters.names(session, study.id)
    if name:
        _require_usable(name, taken, count)
    return [
        _invite_one(session, study, group, name or _next_name(group or UNGROUPED, taken))
        for _ in range(count)
    ]


def renew(session: Session, study_id: int, name: str) -> Invited:
    """Give a rater a new link; the old one stops working, her answers stay."""
    rater = find_rater(session, study_id, name)
    require_not_archived(rater.study)
    raters.revoke_invitations(session, rater.id, datetime.now(UTC))
    return Invited(rater.name, rater.group, _add_invitation(session, rater))


def revoke(session: Session, study_id: int, name: str) -> None:
    """Make a rater's link stop working; her answers stay."""
    rater = find_rater(session, study_id, name)
    require_not_archived(rater.study)
    raters.revoke_invitations(session, rater.id, datetime.now(UTC))


def admit(session: Session, token: str, *, lock: bool = False, alone: bool = False) -> Rater:
    """The rater who holds this token; a wrong and a revoked one are refused alike.

    ``lock`` and ``alone`` as in ``raters.find_by_token_hash``.
    """
    rater = raters.find_by_token_hash(session, hash_token(token), lock=lock, alone=alone)
    if rater is None:
        raise Unknown(UNKNOWN_LINK)
    return rater


def find_rater(session: Session, study_id: int, name: str, *, lock: bool = False) -> Rater:
    """The rater of this name, or ``Unknown``."""
    rater = raters.find(session, study_id, name, lock=lock)
    if rater is None:
        raise Unknown(f"study {study_id} has no rater {name!r}.")
    return rater


def _invite_one(session: Session, study: Study, group: str, name: str) -> Invited:
    rater = Rater(
        study_id=study.id,
        number=raters.last_number(session, study.id) + 1,
        name=name,
        group=group,
        created_at=datetime.now(UTC),
    )
    session.add(rater)
    session.flush()
    images = {image.public_id: image.id for image in mixes.images(session, study.mix_id)}
    order = presentation_order(study.seed, rater.number, images)
    session.add_all(
        Presentation(rater_id=rater.id, image_id=images[image], position=position, key=secrets.token_hex(16))
        for position, image in enumerate(order, start=1)
    )
    return Invited(name, group, _add_invitation(session, rater))


def _add_invitation(session: Session, rater: Rater) -> str:
    token = new_token()
    session.add(Invitation(rater_id=rater.id, token_hash=hash_token(token), created_at=datetime.now(UTC)))
    session.flush()
    return token


def _next_name(group: str, taken: set[str]) -> str:
    number = 1
    while f"{group}{number}" in taken:
        number += 1
    taken.add(f"{group}{number}")
    return f"{group}{number}"


def _require_usable(name: str, taken: set[str], count: int) -> None:
    if count != 1:
        raise Invalid("a name can be given to one rater only; leave it out to invite several.")
    if not RATER_NAME.fullmatch(name):
        raise Invalid(
            f"the name {name!r} must be a letter and up to 63 letters, digits, blanks, '.', '-' or '_'."
        )
    if name in taken:
        raise Conflict(f"the study already has a rater {name}.")
