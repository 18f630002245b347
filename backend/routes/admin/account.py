"""An admin's own account: her sessions and her second factor."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from backend import accounts
from backend.database.sessions import Database
from backend.routes.admin.access import SESSION_COOKIE, AdminAccess, AdminDep, OwnForm
from backend.routes.admin.cookies import to
from backend.routes.dependencies import DatabaseDep, PagesDep, SettingsDep
from backend.routes.pages import Pages
from backend.settings import Settings
from backend.studies.refusals import Invalid, Unknown
from backend.tokens import hash_token

router = APIRouter(prefix="/admin/account")


@dataclass(frozen=True)
class _AccountPage:
    """One request for the page of an admin's own account."""

    request: Request
    admin: AdminAccess
    settings: Settings
    database: Database
    pages: Pages

    def render(self, *, codes: Sequence[str] = (), problem: str = "") -> Response:
        """The page, with recovery codes that were just made, or with why something was refused."""
        email = self.admin.email
        with self.database.read() as session:
            values = {
                "sessions": accounts.sessions_of(session, email, self.settings.session_idle_minutes),
                "since": accounts.second_factor_since(session, email),
                "waiting": accounts.enrolment(session, email, self.settings.secret),
                "left": accounts.recovery_codes_left(session, email),
            }
        return self.pages.render(
            self.request,
            "admin/account.html",
            status=422 if problem else 200,
            admin=self.admin,
            here=hash_token(self.request.cookies.get(SESSION_COOKIE, "")),
            codes=codes,
            problem=problem,
            **values,
        )


# `async`, as all dependencies that only hand on: others go through a thread.
async def _account_page(
    request: Request, admin: AdminDep, settings: SettingsDep, database: DatabaseDep, pages: PagesDep
) -> _AccountPage:
    return _AccountPage(request, admin, settings, database, pages)


AccountPageDep = Annotated[_AccountPage, Depends(_account_page)]


@router.get("")
def own_account(page: AccountPageDep) -> Response:
    """What an admin may know and change of her own account."""
    return page.render()


@router.post("/sessions/end", dependencies=[OwnForm])
def end_session(
    admin: AdminDep, database: DatabaseDep, session_id: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """End one of her sessions."""
    with database.write() as session:
        accounts.end_session(session, session_id, by=admin.email)
    return to("/admin/account")


@router.post("/sessions/end-others", dependencies=[OwnForm])
def end_other_sessions(request: Request, admin: AdminDep, database: DatabaseDep) -> Response:
    """End all of her sessions but this one."""
    with database.write() as session:
        accounts.end_other_sessions(session, request.cookies.get(SESSION_COOKIE, ""), by=admin.email)
    return to("/admin/account")


@router.post("/second-factor/begin", dependencies=[OwnForm])
def begin_second_factor(admin: AdminDep, settings: SettingsDep, database: DatabaseDep) -> Response:
    """Draw a secret for an authenticator app."""
    with database.write() as session:
        accounts.begin_second_factor(session, admin.email, settings.secret)
    return to("/admin/account#second-factor")


@router.get("/second-factor.svg")
def qr_code(admin: AdminDep, settings: SettingsDep, database: DatabaseDep) -> Response:
    """The secret that waits to be confirmed, as a QR code."""
    with database.read() as session:
        waiting = accounts.enrolment(session, admin.email, settings.secret)
    if waiting is None:
        raise Unknown("there is no second factor to set up.")
    drawn = io.BytesIO()
    segno.make(waiting.address, error="m").save(drawn, kind="svg", scale=5, light="white")
    return Response(
        drawn.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "no-store, private"}
    )


@router.post("/second-factor/confirm", dependencies=[OwnForm])
def confirm_second_factor(page: AccountPageDep, code: Annotated[str, Form()] = "") -> Response:
    """Turn the second factor on, and show the recovery codes: this once."""
    try:
        with page.database.write() as session:
            codes = accounts.confirm_second_factor(session, page.admin.email, page.settings.secret, code)
    except Invalid as problem:
        return page.render(problem=str(problem))
    return page.render(codes=codes)


@router.post("/second-factor/stop", dependencies=[OwnForm])
def stop_second_factor(page: AccountPageDep, code: Annotated[str, Form()] = "") -> Response:
    """Turn the second factor off, or forget one that was not confirmed."""
    try:
        accounts.stop_second_factor(page.database, page.admin.email, page.settings.secret, code)
    except Invalid as problem:
        return page.render(problem=str(problem))
    return to("/admin/account#second-factor")
