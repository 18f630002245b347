"""Logging in and out, and the admin's own password."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from backend import accounts
from backend.accounts.throttle import TooManyAttempts
from backend.routes.admin.access import (
    SESSION_COOKIE,
    KnownAdminDep,
    OwnForm,
    StrangerForm,
)
from backend.routes.admin.cookies import (
    agent_of,
    browser_of,
    form_before_login,
    set_known,
    set_session,
    to,
)
from backend.routes.dependencies import DatabaseDep, PagesDep, SettingsDep
from backend.settings import Settings
from backend.studies.refusals import Invalid

router = APIRouter(prefix="/admin")

WRONG = "The address or the password is not right."
WRONG_CODE = "The code is not right, or was used before. An app shows a new one every 30 seconds."


@router.get("/login")
def login_page(request: Request, settings: SettingsDep, pages: PagesDep) -> Response:
    """The form to log in."""
    return form_before_login(request, settings, pages, "admin/login.html", email="", problem="")


@router.post("/login", dependencies=[StrangerForm])
def login(
    request: Request,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Open a session."""
    problem, status, wait = WRONG, 401, {}
    try:
        browser = browser_of(request, settings, email)
        opened = accounts.log_in(database, email, password, settings.session_hours, browser)
    except TooManyAttempts as refusal:
        opened, problem, status, wait = None, str(refusal), 429, {"Retry-After": str(refusal.seconds)}
    if opened is None:
        response = form_before_login(
            request, settings, pages, "admin/login.html", status=status, email=email, problem=problem
        )
        response.headers.update(wait)
        return response
    if opened.awaits_code:
        response = to("/admin/login/code")
        set_session(response, settings, opened.token)
        return response
    return _in(request, settings, opened)


@router.get("/login/code")
def code_page(request: Request, settings: SettingsDep, pages: PagesDep) -> Response:
    """The form for the second factor."""
    return form_before_login(request, settings, pages, "admin/login_code.html", problem="")


@router.post("/login/code", dependencies=[StrangerForm])
def give_code(
    request: Request,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
    code: Annotated[str, Form()] = "",
) -> Response:
    """Go on with the second factor."""
    waiting = request.cookies.get(SESSION_COOKIE, "")
    browser = browser_of(request, settings, accounts.awaited(database, waiting))
    opened = accounts.give_code(database, settings.secret, waiting, code, settings.session_hours, browser)
    if opened is None:
        page = "admin/login_code.html"
        return form_before_login(request, settings, pages, page, status=401, problem=WRONG_CODE)
    return _in(request, settings, opened)


@router.post("/logout", dependencies=[OwnForm])
def logout(request: Request, admin: KnownAdminDep, database: DatabaseDep) -> Response:
    """End the session."""
    with database.write() as session:
        accounts.log_out(session, request.cookies.get(SESSION_COOKIE, ""), by=admin.email)
    response = to("/admin/login")
    response.delete_cookie(SESSION_COOKIE, path="/admin")
    return response


@router.get("/password")
def password_page(request: Request, admin: KnownAdminDep, pages: PagesDep) -> Response:
    """The form to change one's password."""
    return pages.render(request, "admin/password.html", admin=admin, problem="")


@router.post("/password", dependencies=[OwnForm])
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
    agent = agent_of(request)
    try:
        if new != again:
            raise Invalid("The two new passwords differ.")
        token = accounts.change_password(database, admin.email, old, new, settings.session_hours, agent=agent)
    except Invalid as problem:
        return pages.render(request, "admin/password.html", status=422, admin=admin, problem=str(problem))
    response = to("/admin")
    set_session(response, settings, token)
    return response


def _in(request: Request, settings: Settings, opened: accounts.LoggedIn) -> Response:
    response = to("/admin/password" if opened.password_is_one_time else "/admin")
    set_session(response, settings, opened.token)
    set_known(request, response, settings, opened.email)
    return response
