"""A study as its raters see it: their own pages, on a stage that lasts for one request.

What the rater of a preview did is in a cookie of her browser, below the preview's own address. Its forms are
the raters', without a token against other sites: nothing is there that they could change.
"""

import secrets
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from backend.database.sessions import Database
from backend.routes import rater
from backend.routes.admin.access import AdminDep
from backend.routes.dependencies import DatabaseDep, RowId
from backend.routes.previewing import Preview
from backend.studies import preview
from backend.studies.desk import Desk
from backend.studies.lifecycle import get_study

router = APIRouter(prefix="/admin/studies/{study_id}/preview")

COOKIE = "preview"
COOKIE_SECONDS = 24 * 3600
SEED_BYTES = 18

Seed = Annotated[str, Path(pattern=r"^[\w-]{16,64}$")]


@router.get("")
def begin(study_id: RowId, _admin: AdminDep, database: DatabaseDep) -> Response:
    """A new preview, from the first page on."""
    with database.read() as session:
        get_study(session, study_id)
    seed = secrets.token_urlsafe(SEED_BYTES)
    return RedirectResponse(f"/admin/studies/{study_id}/preview/{seed}", status_code=303)


@router.get("/{seed}")
@router.get("/{seed}/{page:path}")
def show(study_id: RowId, seed: Seed, _admin: AdminDep, database: DatabaseDep, page: str = "") -> Response:
    """A page of the rater's."""
    return _Played(database, study_id, seed, page)


@router.post("/{seed}/{page:path}")
def act(study_id: RowId, seed: Seed, page: str, _admin: AdminDep, database: DatabaseDep) -> Response:
    """What a page of the rater's sends."""
    return _Played(database, study_id, seed, page)


class _Played(Response):
    """The answer of the rater's own routes, given on the preview's stage."""

    def __init__(self, database: Database, study_id: int, seed: str, page: str) -> None:
        super().__init__()
        self._database, self._study_id, self._seed = database, study_id, seed
        self._page = f"/{page}".rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the stage, let the rater's route answer, and strike it."""
        study = f"/admin/studies/{self._study_id}"
        base = f"{study}/preview/{self._seed}"
        done = preview.unpacked(Request(scope).cookies.get(COOKIE, ""))
        on_stage = preview.staged(self._database, self._study_id, self._seed, done)
        async with contextmanager_in_threadpool(on_stage) as stage:
            desk = Desk(stage.database)
            state = scope["state"] | {"preview": Preview(stage.database, desk, base, study)}
            inner = scope | {"path": f"/r/{stage.token}{self._page}", "path_params": {}, "state": state}

            async def send_with_progress(message: Message) -> None:
                if message["type"] == "http.response.start" and scope["method"] == "POST":
                    progress = await run_in_threadpool(preview.progress_of, stage)
                    self._remember(scope, message, base, progress.packed())
                await send(message)

            try:
                await rater.router(inner, receive, send_with_progress)
            finally:
                desk.close()

    def _remember(self, scope: Scope, message: Message, base: str, packed: str) -> None:
        tls = scope["app"].state.settings.behind_tls
        cookie = Response()
        cookie.set_cookie(
            COOKIE, packed, COOKIE_SECONDS, path=base, secure=tls, httponly=True, samesite="lax"
        )
        MutableHeaders(scope=message).append("set-cookie", cookie.headers["set-cookie"])
