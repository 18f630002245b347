"""Going through a study as a rater does, without leaving a trace.

A preview is an installation of its own, in memory and for one request: a copy of the study, open for answers,
with one rater. Nothing of it can reach the database, as nothing of it has a connection there. What she did so
far is a ``Progress``, which her browser keeps and sends along; so any server takes the next request.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from backend.database import copies, desk, ratings
from backend.database.sessions import Database
from backend.database.tables import Rater, Study
from backend.studies import consent
from backend.studies.invitations import admit, invite
from backend.studies.lifecycle import get_study
from backend.studies.options import options_of
from backend.studies.recording import INSTANT

MOST_BYTES = 1 << 20
UNSEEN, SEEN, REAL, FAKE = "0", "1", 2, 12
"""How an image stands, as one character: not seen, seen, or an answer (from ``REAL`` or ``FAKE`` on its
confidence is counted, 0 for none)."""


@dataclass(frozen=True)
class Progress:
    """What the rater of a preview has done: when she agreed (Unix time, 0: not yet), as which group, how each
    image stands, by position, which position she answered last, and whether she has submitted.
    """

    begun: int = 0
    group: str = ""
    images: str = ""
    last: int = 0
    submitted: bool = False

    def packed(self) -> str:
        """As a browser keeps it: of ten thousand images, most of them not seen yet, some hundred letters."""
        return base64.urlsafe_b64encode(zlib.compress(json.dumps(asdict(self)).encode(), 9)).decode()


def unpacked(text: str) -> Progress:
    """What ``Progress.packed`` gave; whatever else comes is the beginning."""
    try:
        raw = zlib.decompressobj().decompress(base64.urlsafe_b64decode(text), MOST_BYTES)
        found = Progress(**json.loads(raw))
        fits = all(type(value) is type(getattr(Progress(), name)) for name, value in asdict(found).items())
        datetime.fromtimestamp(found.begun, UTC)
    except (ValueError, TypeError, RecursionError, OverflowError, OSError, zlib.error, binascii.Error):
        return Progress()
    return found if fits and found.begun >= 0 else Progress()


@dataclass(frozen=True)
class Stage:
    """Where a preview plays: its database, and the token by which its rater is let in."""

    database: Database
    token: str


@contextmanager
def staged(source: Database, study_id: int, seed: str, progress: Progress) -> Iterator[Stage]:
    """The stage as the rater left it; ``seed`` gives her order and her keys, the same at each request.

    Raises ``Unknown`` where there is no such study.
    """
    with copies.in_memory(source, study_id) as database:
        with database.write() as session:
            study = get_study(session, study_id)
            # An order that no rater of the study has.
            study.state, study.seed = "open", hashlib.sha256(seed.encode()).hexdigest()
            session.flush()
            group = "" if options_of(study).ask_group else study.groups[0]
            token = invite(session, study_id, group)[0].token
            if progress.begun:
                _begin(session, study, token, progress)
            rater = admit(session, token)
            shown = copies.presentations(session, rater.id)
            copies.set_keys(session, {number: _key(seed, position) for position, number in shown.items()})
            if progress.begun:
                _go_on(session, rater, shown, progress)
        yield Stage(database, token)


def progress_of(stage: Stage) -> Progress:
    """What the rater of a preview has done by now."""
    with stage.database.read() as session:
        rater = admit(session, stage.token)
        if rater.consented_at is None:
            return Progress()
        steps = ratings.steps(session, rater.id)
        return Progress(
            begun=int(rater.consented_at.timestamp()),
            group=rater.group,
            images="".join(_letter(one.answer, one.confidence, one.seen) for one in steps),
            last=ratings.last_position(session, rater.id) or 0,
            submitted=rater.submitted_at is not None,
        )


def _key(seed: str, position: int) -> str:
    return hmac.new(seed.encode(), str(position).encode(), "sha256").hexdigest()[:32]


def _begin(session: Session, study: Study, token: str, progress: Progress) -> None:
    """Agree again, without what she said of herself: no later page shows it."""
    asked = study.options
    study.options = asked | {"questions": []}
    session.flush()
    agreed = consent.told(study, study.language, str)
    group = progress.group if progress.group in study.groups else study.groups[0]
    consent.begin(session, token, agreed, group=group, form={})
    study.options = asked


def _go_on(session: Session, rater: Rater, shown: dict[int, int], progress: Progress) -> None:
    """Give her the answers again that she gave, the last one last."""
    began = rater.consented_at = datetime.fromtimestamp(progress.begun, UTC)
    given, seen = [], []
    for (position, number), letter in zip(shown.items(), progress.images, strict=False):
        answer, confidence = _meaning(letter)
        at = began + INSTANT * (position if position != progress.last else len(shown) + 1)
        row = {"presentation_id": number, "submission": secrets.token_hex(16), "received_at": at}
        if answer:
            said = {"answer": answer, "confidence": confidence, "response_ms": None}
            given.append(row | said | {"hidden_ms": None, "response_clock": None, "answered_at": at})
        elif letter == SEEN:
            seen.append(row | {"visible_ms": 0.0, "hidden_ms": 0.0, "began_at": at})
    desk.add(session, given, seen)
    if progress.submitted:
        rater.submitted_at = began + timedelta(seconds=1)


def _letter(answer: str | None, confidence: int | None, seen: bool) -> str:
    if answer is None:
        return SEEN if seen else UNSEEN
    return chr(ord("0") + (REAL if answer == "real" else FAKE) + (confidence or 0))


def _meaning(letter: str) -> tuple[str | None, int | None]:
    number = ord(letter) - ord("0")
    if not REAL <= number < FAKE + 10:
        return None, None
    return ("real", (number - REAL) or None) if number < FAKE else ("fake", (number - FAKE) or None)
