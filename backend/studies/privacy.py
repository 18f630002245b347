"""What becomes of a rater's data: deleting her, making her anonymous, keeping no longer than said."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from backend.database import events, people, raters, studies
from backend.database.tables import Enrolment, Rater, Study
from backend.languages import Translate, translatable
from backend.settings import Settings
from backend.studies.consent import RECORDED
from backend.studies.invitations import find_rater
from backend.studies.options import options_of
from backend.studies.pseudonyms import numbers


def delete(session: Session, study_id: int, name: str, *, by: str = "") -> None:
    """Delete a rater with her answers and everything else of hers; that it was done stays on record."""
    rater = find_rater(session, study_id, name, lock=True)
    kept = numbers(session, rater.study, raters.names(session, study_id))
    events.add(session, study_id, "rater deleted", rater_id=rater.id, by=by, numbers=kept)
    people.delete_rater(session, rater)


def anonymise(session: Session, study_id: int, name: str, *, by: str = "") -> str:
    """Keep a rater's answers under a fresh pseudonym, which is returned, and nothing else personal."""
    rater = find_rater(session, study_id, name, lock=True)
    taken = raters.names(session, study_id)
    while (fresh := f"A{secrets.token_hex(4)}") in taken:
        pass
    kept = numbers(session, rater.study, taken)
    rater.name = fresh
    _forget(session, rater)
    raters.revoke_invitations(session, rater.id, datetime.now(UTC))
    events.add(session, study_id, "rater anonymised", rater_id=rater.id, by=by, numbers=kept)
    return fresh


def apply_retention(session: Session, now: datetime) -> dict[int, int]:
    """Delete the personal data of studies that have been closed for as long as they keep it.

    Answers, pseudonyms and links stay. Returns of how many raters, by study.
    """
    done: dict[int, int] = {}
    for study in studies.everything(session):
        days = options_of(study).retention_days
        closed = events.last(session, study.id, "closed")
        if (
            study.state not in {"closed", "archived"}
            or not days
            or closed is None
            or closed.at + timedelta(days=days) > now
        ):
            continue
        for rater in people.with_personal_data(session, study.id):
            _forget(session, rater)
            done[study.id] = done.get(study.id, 0) + 1
        if study.id in done:
            events.add(session, study.id, "personal data deleted", raters=done[study.id], after_days=days)
    return done


def opt_out(session: Session, rater: Rater) -> None:
    """Write no more mail to a rater."""
    person = people.of_rater(session, rater.id)
    if person is not None and person.opted_out_at is None:
        person.opted_out_at = datetime.now(UTC)


def _forget(session: Session, rater: Rater) -> None:
    people.forget(session, rater.id)
    # Numbers stay: they are covariates. What was typed or chosen as text may say who she is.
    rater.form = {name: None if isinstance(given, str) else given for name, given in rater.form.items()}


@dataclass(frozen=True)
class Statement:
    """A part of the data-protection page."""

    heading: str
    lines: tuple[str, ...]


WHO = translatable("Who is responsible")
NOBODY_NAMED = translatable("Whoever sent you the link to this study: please ask there.")
WHAT = translatable("What is recorded")
ABOUT_HER = translatable(
    "your group, your language, what you answer to the study's questions about you, and when you agreed, "
    "began and submitted"
)
APART = translatable(
    "Your answers are kept under a pseudonym. Your e-mail address, your name and your number at a panel are "
    "kept only if whoever invited you entered them or the study's link holds them; they lie apart from your "
    "answers and are in no export of them."
)
NETWORK = translatable("Your network address and your location are not stored.")
COOKIES = translatable(
    "No cookie follows you. Your browser keeps your display settings, and answers until they are saved."
)
HOW_LONG = translatable("How long")
UNTIL = translatable(
    "Personal data beside the answers is deleted {days} days after the study is closed; the answers stay, "
    "under a pseudonym."
)
UNSET = translatable(
    "Until whoever is responsible deletes it; you can ask for that at any time. Answers are kept for "
    "research, under a pseudonym."
)
WHO_ELSE = translatable("Who else learns of it")
NO_OTHERS = translatable(
    "Nobody. These pages load nothing from other sites, and no third party learns that you were here."
)
BY_MAIL = translatable(
    "If an e-mail address of yours was entered, the mail servers between here and you see it, and the mail."
)
BY_PANEL = translatable(
    "The panel that sent you here, if one did, learns from you that you took part: by the code that you get "
    "after submitting, or the way back. It does not learn what you answered."
)
NO_MORE = translatable("Nobody else. These pages load nothing from other sites.")
RIGHTS = translatable("Your rights")
RIGHTS_ARE = (
    translatable("You take part of your own free will, and may stop at any time without giving a reason."),
    translatable(
        "You may ask to see your data, to have them corrected, or to have them deleted or made anonymous."
    ),
    translatable("You may complain to a data-protection authority."),
)


def statement(
    study: Study, settings: Settings, translate: Translate, *, link: Enrolment | None = None
) -> list[Statement]:
    """The data-protection page of a study, from the settings and the study's options.

    ``link`` is that by which the rater enrolled, where she did.
    """
    named = tuple(text for text in (settings.controller_name, settings.controller_contact) if text)
    days = options_of(study).retention_days
    kept = translate(UNTIL).format(days=days) if days else translate(UNSET)
    recorded = tuple(translate(text) for text in (RECORDED[0], ABOUT_HER, APART, NETWORK, COOKIES))
    return [
        Statement(translate(WHO), named or (translate(NOBODY_NAMED),)),
        Statement(translate(WHAT), recorded),
        Statement(translate(HOW_LONG), (kept,)),
        Statement(translate(WHO_ELSE), tuple(translate(text) for text in _others(settings, link))),
        Statement(translate(RIGHTS), tuple(translate(text) for text in RIGHTS_ARE)),
    ]


def _others(settings: Settings, link: Enrolment | None) -> tuple[str, ...]:
    by_panel = link is not None and (link.parameter or link.completion_code or link.return_url)
    some = ((BY_MAIL, settings.mail_is_set), (BY_PANEL, by_panel))
    told = tuple(text for text, true in some if true)
    return (*told, NO_MORE) if told else (NO_OTHERS,)
