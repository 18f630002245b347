"""The page of the first owner, by the link that the server prints when there is no admin."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response

from backend import accounts
from backend.routes.admin.access import StrangerForm
from backend.routes.admin.cookies import agent_of, form_before_login, set_session, to
from backend.routes.dependencies import DatabaseDep, PagesDep, SettingsDep
from backend.studies.refusals import Invalid

router = APIRouter(prefix="/admin/first/{token}")

Token = Annotated[str, Path(max_length=64)]


@router.get("")
def first_page(
    request: Request, token: Token, settings: SettingsDep, database: DatabaseDep, pages: PagesDep
) -> Response:
    """The form that makes the first owner's account."""
    with database.read() as session:
        accounts.open_first_link(session, token)
    return form_before_login(request, settings, pages, "admin/first.html", token=token, email="", problem="")


@router.post("", dependencies=[StrangerForm])
def make_first_owner(
    request: Request,
    token: Token,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Make the account and open its first session; the link stops working."""
    agent = agent_of(request)
    try:
        if password != again:
            raise Invalid("The two passwords differ.")
        opened = accounts.make_first_owner(
            database, token, email, password, settings.session_hours, agent=agent
        )
    except Invalid as problem:
        values = {"token": token, "email": email, "problem": str(problem)}
        return form_before_login(request, settings, pages, "admin/first.html", status=422, **values)
    response = to("/admin")
    set_session(response, settings, opened)
    return response
