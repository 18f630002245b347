"""Two admins at one study: whoever is late is told who was there before, and overwrites nothing unseen."""

from sqlalchemy.orm import Session

from backend.database import events
from backend.database.tables import Study
from backend.studies.refusals import Conflict

BY_ADMINS = (
    *("options changed", "mixes changed", "texts changed"),
    *("opened", "closed", "archived", "taken out of the archive"),
)


def require_version(session: Session, study: Study, version: int | None) -> None:
    """Raise ``Conflict`` where the settings of a locked study were changed since they were read: by whom."""
    if version not in (None, study.version):
        raise Conflict(
            f"{_who_changed(session, study)} changed this study while you did. What you typed is still here, "
            "and nothing of it was saved: look at the study in another tab, then save again to put yours in "
            "place of it."
        )


def require_as_seen(session: Session, study: Study, version: int | None) -> None:
    """Raise ``Conflict`` where a locked study is not any more as its page had shown it: by whom."""
    if version not in (None, study.version):
        raise Conflict(
            f"{_who_changed(session, study)} changed this study after you had opened its page. Nothing was "
            "changed now: look at the study again, and decide anew."
        )


def _who_changed(session: Session, study: Study) -> str:
    changes = [one for one in events.everything(session, study.id) if one.kind in BY_ADMINS]
    return (changes[-1].by or "The command line") if changes else "Somebody"
