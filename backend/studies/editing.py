"""What admins change of a study: its options, mixes and texts, each as long as it may change."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend.database import events, mixes, raters, ratings
from backend.database.tables import Study
from backend.studies.lifecycle import (
    get_study,
    release_results,
    require_not_archived,
    require_outside,
    require_repeatable,
)
from backend.studies.options import DRAWN, FROZEN, StudyOptions, StudyTexts, options_of, parse_options
from backend.studies.refusals import Conflict
from backend.studies.unions import union
from backend.studies.versions import require_as_seen


def change_options(session: Session, study_id: int, changes: dict[str, Any], *, by: str = "") -> StudyOptions:
    """Change some of a study's options.

    Raises ``Conflict`` for one that the first rating or the first rater has fixed, ``Invalid`` for a value
    that cannot be.
    """
    study = get_study(session, study_id, lock=True)
    require_not_archived(study)
    held = options_of(study)
    chosen = parse_options(held.model_dump() | changes)
    changed = [name for name in StudyOptions.model_fields if getattr(chosen, name) != getattr(held, name)]
    frozen = [name for name in changed if name in FROZEN]
    if frozen and ratings.any_in_study(session, study.id):
        raise Conflict(
            f"{', '.join(frozen)} cannot change any more: the study has ratings, and all of them must have "
            "been given under the same conditions."
        )
    drawn = [name for name in changed if name in DRAWN]
    if drawn and raters.last_number(session, study.id):
        raise Conflict(
            f"{', '.join(drawn)} cannot change any more: the study has raters, and their orders are drawn. "
            "Duplicate the study, and set it there before you invite anybody."
        )
    if changed:
        study.options = chosen.model_dump(mode="json")
        study.version += 1
        require_repeatable(session, study)
        values = chosen.model_dump(mode="json", include=set(changed))
        events.add(session, study.id, "options changed", by=by, **values)
        release_results(session, study, by=by)
    return chosen


def _require_mixes_changeable(session: Session, study: Study) -> None:
    """Raise ``Conflict`` unless a study's mixes can be others: in a draft, before anybody has an order."""
    if study.state != "draft":
        raise Conflict(f"the study is {study.state}: only a draft's mixes can change. Duplicate the study.")
    if raters.last_number(session, study.id):
        raise Conflict(
            "the mixes cannot change any more: the study has raters, and their orders are drawn. "
            "Duplicate the study, and choose its mixes before you invite anybody."
        )


def change_mixes(
    session: Session,
    study_id: int,
    mix_ids: Sequence[int],
    practice_mix_id: int | None,
    *,
    by: str = "",
    version: int | None = None,
) -> Study:
    """Choose other mixes for a draft that nobody has been invited to, and for its practice.

    ``version`` as in ``set_state``.
    """
    study = get_study(session, study_id, lock=True)
    _require_mixes_changeable(session, study)
    chosen = list(dict.fromkeys(mix_ids))
    images = union(session, chosen)
    if practice_mix_id is not None:
        require_outside(session, images, practice_mix_id)
    if (chosen, practice_mix_id) == ([mix.id for mix in study.mixes], study.practice_mix_id):
        return study
    require_as_seen(session, study, version)
    mixes.choose(session, study, chosen)
    study.practice_mix_id = practice_mix_id
    study.version += 1
    require_repeatable(session, study)
    events.add(session, study.id, "mixes changed", by=by, mixes=chosen, practice_mix=practice_mix_id)
    return study


def change_texts(
    session: Session, study_id: int, language: str, texts: StudyTexts, *, by: str = ""
) -> StudyTexts:
    """Replace what the study tells its raters in one language.

    Who has agreed already agreed to the text that she read, which is kept; the others read the new one.
    """
    study = get_study(session, study_id, lock=True)
    require_not_archived(study)
    held = StudyTexts.model_validate(study.texts.get(language, {}))
    changed = [name for name in StudyTexts.model_fields if getattr(texts, name) != getattr(held, name)]
    if changed:
        study.texts = study.texts | {language: texts.model_dump()}
        study.version += 1
        events.add(session, study.id, "texts changed", by=by, language=language, changed=changed)
    return texts
