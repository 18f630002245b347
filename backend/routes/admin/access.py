"""Who may use the admin pages, and that a form was sent from one of them.

A route asks for ``AdminDep`` where everybody with an account may look, ``EditorDep`` for those who change
studies, and ``OwnerDep`` for owners. Whatever is not GET carries ``CheckedForm``, which refuses readers by
itself; ``OwnForm`` is for what everybody may do to her own account, ``StrangerForm`` for the ways in.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Form, Request

from backend.accounts import logged_in
from backend.database.sessions import Database
from backend.routes.dependencies import DatabaseDep, SettingsDep
from backend.settings import Settings
from backend.studies.refusals import Conflict, Refused

SESSION_COOKIE = "dermvtt_session"
FORM_COOKIE = "dermvtt_form"


class LoginRequired(Exception):  # noqa: N818 - not an error: the way to the log-in page
    """Raised where a page is for admins who are logged in."""


class CodeRequired(Exception):  # noqa: N818
    """Raised where an admin has given her password and not yet the second factor."""


class PasswordRequired(Exception):  # noqa: N818
    """Raised where an admin must replace a one-time password first."""


class NotAllowed(Refused):
    """Raised where an admin's role does not allow something."""


@dataclass(frozen=True)
class AdminAccess:
    """The admin who asks, what she may do, and the token that her forms carry."""

    email: str
    role: str
    csrf: str
    password_is_one_time: bool

    @property
    def may_change(self) -> bool:
        """Whether she may change studies, mixes and raters."""
        return self.role in {"owner", "editor"}

    @property
    def is_owner(self) -> bool:
        """Whether she may manage accounts and read the log."""
        return self.role == "owner"


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
    # A page that is left open and watches by itself is no sign of life of the one who left it.
    used = not request.url.path.endswith("/live")
    opened = logged_in(database, token, settings.session_idle_minutes, used=used) if token else None
    if opened is None:
        raise LoginRequired
    if opened.awaits_code:
        raise CodeRequired
    admin = opened.admin
    csrf = form_token(settings.secret, token)
    return AdminAccess(admin.email, admin.role, csrf, admin.password_is_one_time)


def still_logged_in(request: Request, settings: Settings, database: Database) -> bool:
    """Whether the session of a request that lasts has not ended meanwhile."""
    token = request.cookies.get(SESSION_COOKIE, "")
    opened = logged_in(database, token, settings.session_idle_minutes, used=False)
    return opened is not None and not opened.awaits_code


def ready_admin(access: Annotated[AdminAccess, Depends(known_admin)]) -> AdminAccess:
    """The admin who is logged in with a password of her own: everybody with an account may look."""
    if access.password_is_one_time:
        raise PasswordRequired
    return access


def editor(access: Annotated[AdminAccess, Depends(ready_admin)]) -> AdminAccess:
    """An admin who may change studies, mixes and raters."""
    if not access.may_change:
        raise NotAllowed("Your account may look, but not change anything. An owner can make you an editor.")
    return access


def owner(access: Annotated[AdminAccess, Depends(ready_admin)]) -> AdminAccess:
    """An admin who may manage accounts and read the log."""
    if not access.is_owner:
        raise NotAllowed("This is for owners. Your account is of another role.")
    return access


def own_form(
    request: Request,
    settings: SettingsDep,
    _access: Annotated[AdminAccess, Depends(known_admin)],
    csrf: Annotated[str, Form()] = "",
) -> None:
    """Refuse a form that another site made the browser send."""
    require_form_token(settings.secret, request.cookies.get(SESSION_COOKIE, ""), csrf)


def stranger_form(request: Request, settings: SettingsDep, csrf: Annotated[str, Form()] = "") -> None:
    """The same, of a form for somebody who is not logged in yet."""
    require_form_token(settings.secret, request.cookies.get(FORM_COOKIE, ""), csrf)


def checked_form(
    _sent: Annotated[None, Depends(own_form)], _access: Annotated[AdminAccess, Depends(editor)]
) -> None:
    """As ``own_form``, of a form that changes what is everybody's: for editors."""


KnownAdminDep = Annotated[AdminAccess, Depends(known_admin)]
AdminDep = Annotated[AdminAccess, Depends(ready_admin)]
EditorDep = Annotated[AdminAccess, Depends(editor)]
OwnerDep = Annotated[AdminAccess, Depends(owner)]
OwnForm = Depends(own_form)
StrangerForm = Depends(stranger_form)
CheckedForm = Depends(checked_form)
