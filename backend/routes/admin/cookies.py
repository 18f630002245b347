"""The cookies of the admin's pages, who the browser is, and where forms lead."""

import hmac
import secrets
from hashlib import sha256

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from backend.accounts import Browser
from backend.routes.admin.access import FORM_COOKIE, SESSION_COOKIE, form_token
from backend.routes.pages import Pages
from backend.settings import Settings

KNOWN_COOKIE = "dermvtt_known"
KNOWN_FOR_S = 180 * 24 * 3600


def set_session(response: Response, settings: Settings, token: str) -> None:
    """Give the browser its session."""
    _set_cookie(response, settings, SESSION_COOKIE, token, round(settings.session_hours * 3600))
    response.delete_cookie(FORM_COOKIE, path="/admin")


def set_known(request: Request, response: Response, settings: Settings, email: str) -> None:
    """Note in the browser that this account was logged in with it: see ``accounts.throttle``."""
    number = _known(request, settings, email) or secrets.token_urlsafe(16)
    value = f"{number}.{_mark(settings, email, number)}"
    _set_cookie(response, settings, KNOWN_COOKIE, value, KNOWN_FOR_S)


def browser_of(request: Request, settings: Settings, email: str) -> Browser:
    """Where somebody logs in from as ``email``."""
    client = request.client.host if request.client else ""
    return Browser(client, agent_of(request), _known(request, settings, email))


def form_before_login(
    request: Request, settings: Settings, pages: Pages, template: str, *, status: int = 200, **values: object
) -> Response:
    """A page with a form for somebody who is not logged in: a cookie of its own holds its token."""
    holder = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
    csrf = form_token(settings.secret, holder)
    response = pages.render(request, template, status=status, csrf=csrf, **values)
    _set_cookie(response, settings, FORM_COOKIE, holder, 3600)
    return response


def agent_of(request: Request) -> str:
    """What the browser calls itself."""
    return request.headers.get("user-agent", "")


def to(address: str) -> RedirectResponse:
    """The way on after a form."""
    return RedirectResponse(address, status_code=303)


def _known(request: Request, settings: Settings, email: str) -> str:
    """The number of a browser in which this account was logged in before; of any other nothing."""
    number, _, mark = request.cookies.get(KNOWN_COOKIE, "").partition(".")
    known = number and hmac.compare_digest(_mark(settings, email, number).encode(), mark.encode())
    return number if known else ""


def _mark(settings: Settings, email: str, number: str) -> str:
    told = f"known:{email.strip().lower()}:{number}".encode("utf-8", "replace")
    return hmac.new(settings.secret, told, sha256).hexdigest()


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
