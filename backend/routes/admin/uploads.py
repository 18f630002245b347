"""Uploads: larger than a form, so who sends them is known before a byte of them is read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from backend.intake.archives import shown
from backend.routes.admin.access import SESSION_COOKIE, require_form_token
from backend.settings import Settings
from backend.studies.refusals import Invalid

MOST_FIELDS = 10
LONGEST_FIELD = 64 << 10


@asynccontextmanager
async def received(request: Request, settings: Settings) -> AsyncIterator[FormData]:
    """The form of a request by an admin, for as long as the block lasts: its files lie on disk.

    Not by FastAPI's parameters, for which it would be read before anybody asked who sends it.
    """
    most = settings.max_upload_mb << 20
    if int(request.headers.get("content-length", "0")) > most:
        raise Invalid(
            f"This is more than the {settings.max_upload_mb} MB that may be uploaded at once. Make smaller "
            "mixes, import it on the server with dermvtt import-mix, or set DERMVTT_MAX_UPLOAD_MB."
        )
    async with request.form(max_files=2, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD) as form:
        token = str(form.get("csrf", ""))
        require_form_token(settings.secret, request.cookies.get(SESSION_COOKIE, ""), token)
        yield form


def file_of(form: FormData, name: str, what: str) -> tuple[UploadFile, str]:
    """A file of the form, and what to call it."""
    given = form.get(name)
    if not isinstance(given, UploadFile) or not given.size:
        raise Invalid(f"Please choose {what}.")
    return given, shown(given.filename or what)


def text_of(form: FormData, name: str) -> str:
    """A text field of the form, without what no database stores."""
    given = form.get(name, "")
    return given.replace("\x00", "").strip() if isinstance(given, str) else ""
