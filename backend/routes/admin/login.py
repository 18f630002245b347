"""Logging in and out, and the admin's own password."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from backend import accounts
from backend.routes.admin.access import (
    FORM_COOKIE,
    SESSION_COOKIE,
    CheckedForm,
    KnownAdminDep,
    form_token,
    require_form_token,
)
from backend.routes.dependencies import DatabaseDep, PagesDep, SettingsDep
from backend.settings import Settings
from backend.studies.refusals import Invalid

router = APIRouter(prefix="/admin")

WRONG = "The address or the password is not right."


@router.get("/login")
def login_page(request: Request, settings: SettingsDep, pages: PagesDep) -> Response:
    """The form to log in."""
    return _login_page(request, settings, pages)


@router.post("/login")
def login(
    request: Request,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """Open a session."""
    require_form_token(settings.secret, request.cookies.get(FORM_COOKIE, ""), csrf)
    opened = accounts.log_in(database, email, password, settings.session_hours)
    if opened is None:
        return _login_page(request, settings, pages, email=email, problem=WRONG, status=401)
    response = _to("/admin/password" if opened.password_is_one_time else "/admin")
    _set_session(response, settings, opened.token)
    response.delete_cookie(FORM_COOKIE, path="/admin")
    return response


@router.post("/logout", dependencies=[CheckedForm])
def logout(request: Request, database: DatabaseDep) -> Response:
    """End the session."""
    with database.write() as session:
        accounts.log_out(session, request.cookies.get(SESSION_COOKIE, ""))
    response = _to("/admin/login")
    response.delete_cookie(SESSION_COOKIE, path="/admin")
    return response


@router.get("/password")
def password_page(request: Request, admin: KnownAdminDep, pages: PagesDep) -> Response:
    """The form to change one's password."""
    return pages.render(request, "admin/password.html", admin=admin, problem="")


@router.post("/password", dependencies=[CheckedForm])
def change_password(
    request: Request,
    admin: KnownAdminDep,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
    old: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Replace the password."""
    try:
        if new != again:
            raise Invalid("The two new passwords differ.")
        session_token = accounts.change_password(database, admin.email, old, new, settings.session_hours)
    except Invalid as problem:
        return pages.render(request, "admin/password.html", status=422, admin=admin, problem=str(problem))
    response = _to("/admin")
    _set_session(response, settings, session_token)
    return response


def _login_page(
    request: Request,
    settings: SettingsDep,
    pages: PagesDep,
    *,
    email: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    holder = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
    csrf = form_token(settings.secret, holder)
    response = pages.render(
        request, "admin/login.html", status=status, email=email, problem=problem, csrf=csrf
    )
    _set_cookie(response, settings, FORM_COOKIE, holder, 3600)
    return response


def _set_session(response: Response, settings: Settings, token: str) -> None:
    _set_cookie(response, settings, SESSION_COOKIE, token, round(settings.session_hours * 3600))


def _set_cookie(response: Response, settings: Settings, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/admin",
        httponly=True,
        secure=settings.behind_tls,
        samesite="lax",
    )


def _to(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303)
