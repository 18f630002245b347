"""Inviting raters: a name, a group, an order of their own and a link that only they know."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from backend.database import events, mixes, people, raters
from backend.database.tables import Invitation, Person, Rater, Study
from backend.languages import translatable
from backend.studies.lifecycle import get_study, require_not_archived, require_running
from backend.studies.options import options_of
from backend.studies.orders import draw_order
from backend.studies.people import NOBODY, Identity
from backend.studies.pseudonyms import next_name, numbers_before
from backend.studies.refusals import Conflict, Invalid, Unknown
from backend.tokens import hash_token, new_token

MOST_AT_ONCE = 200
# A name begins with a letter: no spreadsheet takes it for a formula.
RATER_NAME = re.compile(r"[^\W\d_][\w .-]{0,63}")
UNKNOWN_LINK = translatable(
    "This link does not lead to a study. Please check that it is complete, or ask who sent it."
)


@dataclass(frozen=True)
class Invited:
    """A rater and the token of her link, which is stored nowhere and cannot be shown again."""

    name: str
    group: str
    token: str

    def link(self, base_url: str) -> str:
        """The address to hand out."""
        return f"{base_url}/r/{self.token}"


@dataclass(frozen=True)
class Wanted:
    """A rater to be invited; without a name she gets the next number of her group."""

    group: str
    name: str = ""
    who: Identity = NOBODY


@dataclass
class Taken:
    """What no other rater of a study can have: their names, and their addresses (in small letters, each with
    whose it is).
    """

    names: set[str]
    addresses: dict[str, str] = field(default_factory=dict)

    def add(self, one: Wanted, whose: str) -> None:
        """Count one more in."""
        self.names.add(one.name)
        if one.who.email:
            self.addresses[one.who.email.lower()] = whose


def taken_in(session: Session, study_id: int) -> Taken:
    """What is taken in a study."""
    addresses = people.addresses(session, study_id)
    whose = {email.lower(): f"the rater {name}" for email, name in addresses}
    return Taken(raters.names(session, study_id), whose)


def invite(
    session: Session,
    study_id: int,
    group: str,
    count: int = 1,
    name: str = "",
    who: Identity = NOBODY,
    *,
    by: str = "",
) -> list[Invited]:
    """Invite ``count`` raters of a group; without a name they are called ED1, ED2, ...

    Where the study asks its raters for their group, the group is empty, and they are called R1, R2, ...
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid(f"invite 1 to {MOST_AT_ONCE} raters at once, not {count}.")
    if count > 1 and (name.strip() or who):
        raise Invalid("a name or an address can be given to one rater only; leave it out to invite several.")
    # Composed, as the groups are: macOS may give an accent as a sign of its own, which looks the same.
    group, name = (unicodedata.normalize("NFC", text).strip() for text in (group, name))
    return invite_all(session, study_id, [Wanted(group, name, who)] * count, by=by)


def invite_all(session: Session, study_id: int, wanted: list[Wanted], *, by: str = "") -> list[Invited]:
    """Invite all of these raters, or raise the first refusal."""
    study = get_study(session, study_id, lock=True)
    require_running(study)
    taken = taken_in(session, study.id)
    for one in wanted:
        require_usable(study, one, taken)
    images = {image.public_id: image.id for image in mixes.images_of(session, study.id)}
    earlier = numbers_before(session, study.id)
    invited = []
    for one in wanted:
        name = one.name or next_name(one.group, taken.names, earlier)
        taken.names.add(name)
        rater = add_rater(session, study, one.group, name, images)
        if one.who:
            session.add(Person(rater_id=rater.id, study_id=study.id, **vars(one.who)))
        events.add(session, study_id, "invited", rater_id=rater.id, by=by)
        invited.append(Invited(name, one.group, add_invitation(session, rater)))
    return invited


def require_usable(study: Study, wanted: Wanted, taken: Taken) -> None:
    """Raise unless the study can have this rater beside those that it has."""
    require_group(study, wanted.group)
    if whose := taken.addresses.get(wanted.who.email.lower()):
        raise Conflict(
            f"{wanted.who.email} is the address of {whose} already: nobody rates twice. Remind her, "
            "or give her a new link."
        )
    if not wanted.name:
        return
    if not RATER_NAME.fullmatch(wanted.name):
        raise Invalid(
            f"the name {wanted.name!r} must be a letter and up to 63 letters, digits, blanks, "
            "'.', '-' or '_'."
        )
    if wanted.name in taken.names:
        raise Conflict(f"the study already has a rater {wanted.name}.")


def require_group(study: Study, group: str) -> None:
    """Raise ``Invalid`` unless raters of this group can be invited."""
    if options_of(study).ask_group:
        if group:
            raise Invalid("the study asks its raters for their group: invite them without one.")
    elif group not in study.groups:
        raise Invalid(f"the study has no group {group!r}; its groups are {', '.join(study.groups)}.")


def renew(session: Session, study_id: int, name: str, *, by: str = "") -> Invited:
    """Give a rater a new link; the old one stops working, her answers stay."""
    rater = find_rater(session, study_id, name, lock=True)
    require_not_archived(rater.study)
    raters.revoke_invitations(session, rater.id, datetime.now(UTC))
    events.add(session, study_id, "link renewed", rater_id=rater.id, by=by)
    return Invited(rater.name, rater.group, add_invitation(session, rater))


def revoke(session: Session, study_id: int, name: str, *, by: str = "") -> None:
    """Make a rater's link stop working; her answers stay."""
    rater = find_rater(session, study_id, name, lock=True)
    require_not_archived(rater.study)
    raters.revoke_invitations(session, rater.id, datetime.now(UTC))
    events.add(session, study_id, "link revoked", rater_id=rater.id, by=by)


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


def add_rater(
    session: Session, study: Study, group: str, name: str, images: dict[str, int], *, enrolled: bool = False
) -> Rater:
    """Add a rater of a study that is locked, with her presentation order of these images."""
    rater = Rater(
        id=people.unused_id(session),
        study_id=study.id,
        number=raters.last_number(session, study.id) + 1,
        name=name,
        group=group,
        enrolled=enrolled,
        created_at=datetime.now(UTC),
    )
    session.add(rater)
    session.flush()
    draw_order(session, study, rater, images)
    return rater


def add_invitation(session: Session, rater: Rater, token: str = "") -> str:
    """A further link of a rater, of this token or a fresh one; those that she has go on working."""
    token = token or new_token()
    session.add(Invitation(rater_id=rater.id, token_hash=hash_token(token), created_at=datetime.now(UTC)))
    session.flush()
    return token
