"""The texts that raters agreed to."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.database.tables import ConsentText, Rater


def agreed_texts(session: Session, study_id: int) -> list[tuple[ConsentText, int, datetime]]:
    """Each text that raters of the study agreed to, with how many did and since when, the oldest first."""
    began = func.min(Rater.consented_at)
    query = select(ConsentText, func.count(Rater.id), began).where(Rater.study_id == study_id)
    query = query.join(Rater, Rater.consent_version == ConsentText.version).group_by(ConsentText)
    return [(text, raters, since) for text, raters, since in session.execute(query.order_by(began))]


def keep_text(session: Session, version: str, language: str, text: str) -> None:
    """Keep a text under its version; two raters may agree to the same one at the same moment."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"version": version, "language": language, "text": text, "created_at": datetime.now(UTC)}
    session.execute(dialect.insert(ConsentText).values(values).on_conflict_do_nothing())
