"""An admin's own account: her sessions and her second factor."""

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from backend import accounts
from backend.routes.admin.access import SESSION_COOKIE, AdminAccess, AdminDep, OwnForm
from backend.routes.admin.cookies import to
from backend.routes.dependencies import DatabaseDep, PagesDep, SettingsDep
from backend.settings import Settings
from backend.studies.refusals import Invalid, Unknown
from backend.tokens import hash_token

router = APIRouter(prefix="/admin/account")


@router.get("")
def own_account(
    request: Request, admin: AdminDep, settings: SettingsDep, database: DatabaseDep, pages: PagesDep
) -> Response:
    """What an admin may know and change of her own account."""
    return _page(request, admin, settings, database, pages)


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
def confirm_second_factor(
    request: Request,
    admin: AdminDep,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
    code: Annotated[str, Form()] = "",
) -> Response:
    """Turn the second factor on, and show the recovery codes: this once."""
    try:
        with database.write() as session:
            codes = accounts.confirm_second_factor(session, admin.email, settings.secret, code)
    except Invalid as problem:
        return _page(request, admin, settings, database, pages, problem=str(problem))
    return _page(request, admin, settings, database, pages, codes=codes)


@router.post("/second-factor/stop", dependencies=[OwnForm])
def stop_second_factor(
    request: Request,
    admin: AdminDep,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
    code: Annotated[str, Form()] = "",
) -> Response:
    """Turn the second factor off, or forget one that was not confirmed."""
    try:
        accounts.stop_second_factor(database, admin.email, settings.secret, code)
    except Invalid as problem:
        return _page(request, admin, settings, database, pages, problem=str(problem))
    return to("/admin/account#second-factor")


def _page(
    request: Request,
    admin: AdminAccess,
    settings: Settings,
    database: DatabaseDep,
    pages: PagesDep,
    *,
    codes: list[str] | None = None,
    problem: str = "",
) -> Response:
    with database.read() as session:
        values = {
            "sessions": accounts.sessions_of(session, admin.email, settings.session_idle_minutes),
            "since": accounts.second_factor_since(session, admin.email),
            "waiting": accounts.enrolment(session, admin.email, settings.secret),
            "left": accounts.recovery_codes_left(session, admin.email),
        }
    return pages.render(
        request,
        "admin/account.html",
        status=422 if problem else 200,
        admin=admin,
        here=hash_token(request.cookies.get(SESSION_COOKIE, "")),
        codes=codes or [],
        problem=problem,
        **values,
    )
