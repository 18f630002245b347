"""The texts that raters agreed to."""

from datetime import UTC, datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.database.tables import ConsentText


def keep_text(session: Session, version: str, language: str, text: str) -> None:
    """Keep a text under its version; two raters may agree to the same one at the same moment."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"version": version, "language": language, "text": text, "created_at": datetime.now(UTC)}
    session.execute(dialect.insert(ConsentText).values(values).on_conflict_do_nothing())
