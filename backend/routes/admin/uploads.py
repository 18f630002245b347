"""Uploads: larger than a form, so who sends them is known before a byte of them is read."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from backend.database.sessions import Database
from backend.intake.archives import shown
from backend.routes.admin.access import SESSION_COOKIE, AdminAccess, AdminDep, require_form_token
from backend.routes.dependencies import DatabaseDep, ImagesDep, PagesDep, SettingsDep
from backend.routes.pages import Pages
from backend.settings import Settings
from backend.storage import ImageStore, StorageUnavailable
from backend.studies.refusals import Conflict, Invalid
from training.errors import UserError

MOST_FIELDS = 10
LONGEST_FIELD = 64 << 10


@dataclass(frozen=True)
class Intake:
    """One request for a page that takes files in: who asks, and where what she brings is to go."""

    request: Request
    admin: AdminAccess
    settings: Settings
    database: Database
    images: ImageStore
    pages: Pages

    def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Such a page."""
        values |= {"admin": self.admin, "most_mb": self.settings.max_upload_mb}
        return self.pages.render(self.request, template, status=status, **values)

    async def taken(
        self, take: Callable[[FormData], str | Response], show: Callable[..., Response]
    ) -> Response:
        """What ``take`` makes of the form: an answer, or the address to go on at.

        Where that is refused, what ``show`` gives: the page again, told the ``problem`` and the ``status``.
        """
        try:
            async with received(self.request, self.settings) as form:
                done = await run_in_threadpool(take, form)
        except Conflict:  # a form that is out of date, or another site's
            raise
        except (UserError, StorageUnavailable) as problem:
            away = isinstance(problem, StorageUnavailable)
            told = problem.strerror if away else problem
            values = {"problem": f"{told} Nothing was imported.", "status": 503 if away else 422}
            return await run_in_threadpool(show, self, **values)
        return RedirectResponse(done, status_code=303) if isinstance(done, str) else done


# `async`, as all dependencies that only hand on: others go through a thread.
async def _intake(
    request: Request,
    admin: AdminDep,
    settings: SettingsDep,
    database: DatabaseDep,
    images: ImagesDep,
    pages: PagesDep,
) -> Intake:
    return Intake(request, admin, settings, database, images, pages)


IntakeDep = Annotated[Intake, Depends(_intake)]


@asynccontextmanager
async def received(request: Request, settings: Settings) -> AsyncIterator[FormData]:
    """The form of a request by an admin, for as long as the block lasts: its files lie on disk.

    Not by FastAPI's parameters, for which it would be read before anybody asked who sends it.
    """
    most = settings.max_upload_mb << 20
    if int(request.headers.get("content-length", "0")) > most:
        raise Invalid(
            f"This is more than the {settings.max_upload_mb} MB that may be uploaded at once. Bring it to "
            "the server and import it there by command, or set DERMVTT_MAX_UPLOAD_MB."
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
