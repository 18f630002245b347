"""What a request in a preview is answered from: in place of the installation, and gone after it."""

from dataclasses import dataclass

from fastapi import Request

from backend.database.sessions import Database
from backend.studies.desk import Desk


@dataclass(frozen=True)
class Preview:
    """What stands in for the installation where an admin goes through a study as a rater; nothing is kept.

    ``base`` is the address of the rater's pages in it, ``back`` that of the study's page.
    """

    database: Database
    desk: Desk
    base: str
    back: str


def preview_of(request: Request) -> Preview | None:
    """The preview that a request belongs to, if it does."""
    return getattr(request.state, "preview", None)
