"""The life of a study: made, a draft, open for answers, closed, archived."""

import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from backend.database import events, mixes, studies
from backend.database.desk import HeldStudy
from backend.database.tables import Image, Study
from backend.languages import translatable
from backend.studies.options import StudyOptions, StudyTexts, options_of
from backend.studies.randomisation import most_repeats
from backend.studies.refusals import Conflict, Invalid, Unknown
from backend.studies.unions import union
from backend.studies.versions import require_as_seen

GROUPS = ("ED", "DLE")
GROUP_NAME = re.compile(r"[^\W\d_][\w-]{0,31}")
TITLE_LENGTH = 200
SEED_LENGTH = 64
MOST_PRACTICE = 10

NEXT = {
    "draft": ("open",),
    "open": ("closed",),
    "closed": ("open", "archived"),
    "archived": ("closed",),
}
"""The states that may follow each state."""

NOT_BEGUN = translatable("This study has not begun yet. Please come back with the same link later.")
CLOSED = translatable("This study is closed and takes no more answers. What you answered before is kept.")
RELEASED = "results released"
ENDED = ("closed", "archived")
"""The states in which a study's answers are final."""


def create_study(
    session: Session,
    mix_ids: Sequence[int],
    title: str,
    *,
    groups: list[str] | None = None,
    seed: str = "",
    language: str = "en",
    texts: dict[str, StudyTexts] | None = None,
    options: StudyOptions | None = None,
    practice_mix_id: int | None = None,
    draft: bool = False,
    by: str = "",
) -> Study:
    """Make a study of mixes, open for answers or a draft. Without a seed a random one is drawn and stored.

    ``title`` and whatever a language's texts leave empty are shown in all languages.
    """
    images = union(session, mix_ids)
    if practice_mix_id is not None:
        require_outside(session, images, practice_mix_id)
    study = Study(
        title=_text("title", title, TITLE_LENGTH),
        language=language,
        texts={code: told.model_dump() for code, told in (texts or {}).items()},
        options=(options or StudyOptions()).model_dump(mode="json"),
        groups=_groups(list(GROUPS) if groups is None else groups),
        seed=_text("seed", seed or secrets.token_hex(16), SEED_LENGTH),
        state="draft" if draft else "open",
        version=1,
        practice_mix_id=practice_mix_id,
        created_at=datetime.now(UTC),
    )
    session.add(study)
    session.flush()
    mixes.choose(session, study, mix_ids)
    require_repeatable(session, study)
    shown = {"mixes": list(dict.fromkeys(mix_ids)), "practice_mix": practice_mix_id}
    events.add(session, study.id, "study made", by=by, **shown)
    return study


def get_study(session: Session, study_id: int, *, lock: bool = False) -> Study:
    """The study of this id, or ``Unknown``."""
    study = studies.find(session, study_id, lock=lock)
    if study is None:
        raise Unknown(f"there is no study {study_id}.")
    return study


def duplicate(session: Session, study_id: int, title: str = "", *, seed: str = "", by: str = "") -> Study:
    """Make a draft with the mixes, texts, options and groups of another study, and without raters.

    Orders are drawn anew unless a seed is given.
    """
    model = get_study(session, study_id)
    made = create_study(
        session,
        [mix.id for mix in model.mixes],
        title or f"{model.title[: TITLE_LENGTH - 7]} (copy)",
        groups=list(model.groups),
        seed=seed,
        language=model.language,
        texts={code: StudyTexts.model_validate(told) for code, told in model.texts.items()},
        options=options_of(model),
        practice_mix_id=model.practice_mix_id,
        draft=True,
        by=by,
    )
    events.add(session, made.id, "duplicated", by=by, study=model.id)
    return made


def set_state(
    session: Session, study_id: int, state: str, *, by: str = "", version: int | None = None
) -> Study:
    """Bring a study into a state that may follow its own; to ask for the state it is in changes nothing.

    Raises ``Conflict`` for any other, where raters may have seen their own results (they would rate again
    knowing the truth), and where the study is not any more as it was at ``version``, if that is given.
    """
    if state not in NEXT:
        raise Invalid(f"a study is {', '.join(NEXT)}, not {state!r}.")
    study = get_study(session, study_id, lock=True)
    if state == study.state:
        return study
    require_as_seen(session, study, version)
    if state not in NEXT[study.state]:
        able = " or ".join(NEXT[study.state])
        raise Conflict(f"the study is {study.state}: it can become {able}, not {state}.")
    if state == "open":
        require_not_released(session, study)
    was, study.state = study.state, state
    study.version += 1
    events.add(session, study.id, {"open": "opened", "archived": "archived"}.get(state, _ended(was)), by=by)
    release_results(session, study, by=by)
    return study


def _ended(was: str) -> str:
    return "taken out of the archive" if was == "archived" else "closed"


def release_results(session: Session, study: Study, *, by: str = "") -> None:
    """Record that raters can see their own results from now on, if the study is closed and allows it."""
    released = events.happened(session, study.id, RELEASED)
    if study.state in ENDED and options_of(study).show_results and not released:
        events.add(session, study.id, RELEASED, by=by)


def require_not_released(session: Session, study: Study) -> None:
    """Raise ``Conflict`` where raters may have seen which images are real."""
    if events.happened(session, study.id, RELEASED):
        raise Conflict(
            "the study has shown its raters their own results: whoever has seen which images are real cannot "
            "rate them any more. Make a new study of another mix."
        )


def require_open(study: Study | HeldStudy) -> None:
    """Raise ``Conflict`` unless the study takes answers."""
    if study.state != "open":
        raise Conflict(NOT_BEGUN if study.state == "draft" else CLOSED)


def require_not_archived(study: Study) -> None:
    """Raise ``Conflict`` where nothing may change any more."""
    if study.state == "archived":
        raise Conflict("the study is archived, and nothing of it changes. Take it out of the archive first.")


def require_running(study: Study) -> None:
    """Raise ``Conflict`` unless raters may be invited."""
    if study.state in ENDED:
        raise Conflict(f"the study is {study.state}: nobody can be invited to it any more.")


def require_repeatable(session: Session, study: Study) -> None:
    """Raise ``Invalid`` where more images are to come a second time than can."""
    wanted = options_of(study).repeats
    if not wanted:
        return
    images = len(mixes.images_of(session, study.id))
    if wanted > most_repeats(images):
        raise Invalid(
            f"repeats: of {images} images at most {most_repeats(images)} can be shown a second time, so that "
            "each comes again half of the order later."
        )


def require_outside(session: Session, images: Iterable[Image], practice_mix_id: int) -> None:
    """Raise unless there is this practice mix, and it shows none of the study's images."""
    practice = mixes.find(session, practice_mix_id)
    if practice is None:
        raise Unknown(f"there is no practice mix {practice_mix_id}. Import one: dermvtt import-mix FOLDER")
    count = practice.reals + practice.fakes
    if count > MOST_PRACTICE:
        raise Invalid(f"a practice mix has at most {MOST_PRACTICE} images; mix {practice.id} has {count}.")
    rated = {image.sha256 for image in images}
    if any(image.sha256 in rated for image in mixes.images(session, practice_mix_id)):
        raise Conflict("an image of the practice mix is also in the study's: practice would give it away.")


def _text(what: str, value: str, longest: int) -> str:
    value = value.strip()
    if not value:
        raise Invalid(f"the {what} is empty.")
    if len(value) > longest or any(unicodedata.category(sign) == "Cc" for sign in value):
        raise Invalid(f"the {what} may have at most {longest} characters, and no control characters.")
    return value


def _groups(names: list[str]) -> list[str]:
    composed = (unicodedata.normalize("NFC", name).strip() for name in names)
    cleaned = list(dict.fromkeys(name for name in composed if name))
    if not cleaned:
        raise Invalid("a study needs at least one group, such as ED or DLE.")
    for name in cleaned:
        if not GROUP_NAME.fullmatch(name):
            raise Invalid(f"the group {name!r} must be a letter and up to 31 letters, digits, - or _.")
        if name.lower() == "all":
            raise Invalid("no group can be called 'all': the results use the word for all raters together.")
    return cleaned
