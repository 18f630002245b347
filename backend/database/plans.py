"""What PostgreSQL plans by, after many rows came at once."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.database.columns import Base


def refresh(session: Session) -> None:
    """Tell PostgreSQL how much there is now: until it knows, it reads a million new rows one by one."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ANALYZE {', '.join(Base.metadata.tables)}"))
