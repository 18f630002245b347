"""Who may use the admin pages, and that a form was sent from one of them."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Form, Request

from backend.accounts import logged_in
from backend.routes.dependencies import DatabaseDep, SettingsDep
from backend.studies.refusals import Conflict

SESSION_COOKIE = "dermvtt_session"
FORM_COOKIE = "dermvtt_form"


class LoginRequired(Exception):  # noqa: N818 - not an error: the way to the log-in page
    """Raised where a page is for admins who are logged in."""


class PasswordRequired(Exception):  # noqa: N818
    """Raised where an admin must replace a one-time password first."""


@dataclass(frozen=True)
class AdminAccess:
    """The admin who asks, and the token that her forms carry."""

    email: str
    csrf: str
    password_is_one_time: bool


def form_token(secret: bytes, holder: str) -> str:
    """What a form must carry to be taken: only pages of this server, in this browser, know it."""
    return hmac.new(secret, f"form:{holder}".encode(), sha256).hexdigest()


def require_form_token(secret: bytes, holder: str, given: str) -> None:
    """Raise ``Conflict`` unless the form came from a page that this browser was given."""
    if not holder or not hmac.compare_digest(form_token(secret, holder).encode(), given.encode()):
        raise Conflict("This form is out of date. Please reload the page and send it again.")


def known_admin(request: Request, settings: SettingsDep, database: DatabaseDep) -> AdminAccess:
    """The admin who is logged in, also where the password must still be changed."""
    token = request.cookies.get(SESSION_COOKIE, "")
    with database.read() as session:
        admin = logged_in(session, token) if token else None
    if admin is None:
        raise LoginRequired
    return AdminAccess(admin.email, form_token(settings.secret, token), admin.password_is_one_time)


def ready_admin(access: Annotated[AdminAccess, Depends(known_admin)]) -> AdminAccess:
    """The admin who is logged in with a password of her own."""
    if access.password_is_one_time:
        raise PasswordRequired
    return access


def checked_form(
    request: Request,
    settings: SettingsDep,
    _access: Annotated[AdminAccess, Depends(known_admin)],
    csrf: Annotated[str, Form()] = "",
) -> None:
    """Refuse a form that another site made the browser send."""
    require_form_token(settings.secret, request.cookies.get(SESSION_COOKIE, ""), csrf)


KnownAdminDep = Annotated[AdminAccess, Depends(known_admin)]
AdminDep = Annotated[AdminAccess, Depends(ready_admin)]
CheckedForm = Depends(checked_form)
