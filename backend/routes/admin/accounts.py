"""All accounts, for owners."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from backend import accounts
from backend.database.sessions import Database
from backend.roles import ROLES
from backend.routes.admin.access import AdminAccess, CheckedForm, OwnerDep
from backend.routes.admin.cookies import to
from backend.routes.dependencies import DatabaseDep, PagesDep
from backend.routes.pages import Pages
from backend.studies.refusals import Refused

router = APIRouter(prefix="/admin/accounts")

Email = Annotated[str, Form(max_length=254)]
What = Literal["role", "password", "second-factor", "sessions", "deactivate", "activate", "remove"]
CHANGES: dict[What, Callable[..., str | None]] = {
    "role": accounts.set_role,
    "password": accounts.reset_password,
    "second-factor": accounts.reset_second_factor,
    "sessions": accounts.end_sessions,
    "deactivate": accounts.deactivate,
    "activate": accounts.activate,
    "remove": accounts.remove,
}


@dataclass(frozen=True)
class AccountsPage:
    """One request about accounts, by an owner; called, the page that answers it."""

    request: Request
    admin: AdminAccess
    database: Database
    pages: Pages

    def __call__(self, *, shown: tuple[str, str] | None = None, problem: str = "") -> Response:
        """The page, with a one-time password that was just made, this once."""
        with self.database.read() as session:
            found = accounts.everyone(session)
        return self.pages.render(
            self.request,
            "admin/accounts.html",
            status=422 if problem else 200,
            admin=self.admin,
            accounts=found,
            roles=ROLES,
            shown=shown,
            problem=problem,
        )

    def change(self, rule: Callable[..., str | None], email: str, *more: str) -> Response:
        """Change an account by a rule; show the password that it returns, or else go back to the page."""
        try:
            with self.database.write() as session:
                password = rule(session, email, *more, by=self.admin.email)
        except Refused as problem:
            return self(problem=str(problem))
        return self(shown=(email.strip().lower(), password)) if password else to("/admin/accounts")


def _page(request: Request, admin: OwnerDep, database: DatabaseDep, pages: PagesDep) -> AccountsPage:
    return AccountsPage(request, admin, database, pages)


AccountsPageDep = Annotated[AccountsPage, Depends(_page)]


@router.get("")
def all_accounts(page: AccountsPageDep) -> Response:
    """All accounts with what can be done to them."""
    return page()


@router.post("", dependencies=[CheckedForm])
def create(page: AccountsPageDep, email: Email = "", role: Annotated[str, Form()] = "reader") -> Response:
    """Make an account and show its one-time password: this once."""
    return page.change(accounts.create_admin, email, role)


@router.post("/{what}", dependencies=[CheckedForm])
def change(
    page: AccountsPageDep, what: What, email: Email = "", role: Annotated[str, Form()] = ""
) -> Response:
    """Do something to an account; a one-time password that comes of it is shown this once."""
    return page.change(CHANGES[what], email, *([role] if what == "role" else []))
