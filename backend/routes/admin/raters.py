"""A study's raters: inviting them, singly or from a list, and each one's link."""

import base64
from dataclasses import dataclass
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, File, Form, Path, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from backend.database import enrolments, events, messages, people
from backend.database.sessions import Database
from backend.routes.admin.access import AdminAccess, AdminDep, CheckedForm, EditorDep
from backend.routes.dependencies import DatabaseDep, PagesDep, RowId, SettingsDep
from backend.routes.pages import Pages
from backend.settings import Settings
from backend.studies import invitation_lists, invitations, rating
from backend.studies.invitations import MOST_AT_ONCE, Invited
from backend.studies.lifecycle import RELEASED, get_study
from backend.studies.options import options_of
from backend.studies.people import identity
from backend.studies.refusals import Invalid, Refused

router = APIRouter(prefix="/admin/studies/{study_id}/raters")

RaterName = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]+$")]


@dataclass(frozen=True)
class Link:
    """A link as it is shown this once."""

    name: str
    address: str

    @property
    def qr(self) -> str:
        """Its QR code, in the page itself: an address of its own would have to hold the link."""
        code = segno.make_qr(self.address, error="m")
        return code.svg_inline(scale=4, border=2, title=f"QR code: {self.name}")


@dataclass(frozen=True)
class RatersPage:
    """One request for the raters of a study; called, the page that answers it."""

    request: Request
    study_id: int
    admin: AdminAccess
    settings: Settings
    database: Database
    pages: Pages

    def __call__(
        self,
        *,
        invited: list[Invited] | None = None,
        study_link: str = "",
        problem: str = "",
        rows: str = "",
    ) -> Response:
        """The page, with links that were just made; they are in no other page and in no address."""
        with self.database.read() as session:
            study = get_study(session, self.study_id)
            values: dict[str, Any] = {
                "listed": people.listed(session, self.study_id),
                "released": events.happened(session, self.study_id, RELEASED),
                "enrolment": enrolments.of_study(session, self.study_id),
                "mails": messages.counts(session, self.study_id),
            }
        links = [Link(one.name, one.link(self.settings.base_url)) for one in invited or []]
        table = invitation_lists.links_csv(invited or [], self.settings.base_url)
        return self.pages.render(
            self.request,
            "admin/raters.html",
            status=422 if problem else 200,
            admin=self.admin,
            study=study,
            options=options_of(study),
            drawn=study.drawn,
            links=links,
            study_link=Link("the study", study_link) if study_link else None,
            table=base64.b64encode(table.encode()).decode(),
            problem=problem,
            rows=rows,
            most=MOST_AT_ONCE,
            columns=invitation_lists.COLUMNS,
            mail_set=self.settings.mail_is_set,
            **values,
        )


def _raters_page(
    request: Request,
    study_id: RowId,
    admin: AdminDep,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
) -> RatersPage:
    return RatersPage(request, study_id, admin, settings, database, pages)


RatersPageDep = Annotated[RatersPage, Depends(_raters_page)]


@router.get("")
def show(
    page: RatersPageDep,
) -> Response:
    """The raters with their links and mails, and the forms to invite more."""
    return page()


@router.post("", dependencies=[CheckedForm])
def invite(
    page: RatersPageDep,
    group: Annotated[str, Form()] = "",
    count: Annotated[int, Form()] = 1,
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "",
) -> Response:
    """Invite raters and show their links: this once, for only a hash of them is stored."""
    try:
        who = identity(email=email, language=language)
        with page.database.write() as session:
            given = (group, count, name, who)
            invited = invitations.invite(session, page.study_id, *given, by=page.admin.email)
    except Refused as problem:
        return page(problem=str(problem))
    return page(invited=invited)


@router.post("/list", dependencies=[CheckedForm])
def invite_list(
    page: RatersPageDep,
    rows: Annotated[str, Form()] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Invite all raters of a list, or none."""
    try:
        text = _text(file) or rows
        with page.database.write() as session:
            invited = invitation_lists.invite_list(session, page.study_id, text, by=page.admin.email)
    except Refused as problem:
        return page(problem=str(problem), rows=rows)
    return page(invited=invited)


@router.post("/{name}/link", dependencies=[CheckedForm])
def renew(page: RatersPageDep, name: RaterName) -> Response:
    """Replace a rater's link."""
    with page.database.write() as session:
        invited = [invitations.renew(session, page.study_id, name, by=page.admin.email)]
    return page(invited=invited)


@router.post("/{name}/revoke", dependencies=[CheckedForm])
def revoke(study_id: RowId, name: RaterName, admin: EditorDep, database: DatabaseDep) -> Response:
    """Make a rater's link stop working."""
    with database.write() as session:
        invitations.revoke(session, study_id, name, by=admin.email)
    return to_raters(study_id)


@router.post("/{name}/reopen", dependencies=[CheckedForm])
def reopen(study_id: RowId, name: RaterName, admin: EditorDep, database: DatabaseDep) -> Response:
    """Let a rater who has submitted go on."""
    with database.write() as session:
        rating.reopen(session, study_id, name, by=admin.email)
    return to_raters(study_id)


def to_raters(study_id: int) -> RedirectResponse:
    """Back to the page, without links."""
    return RedirectResponse(f"/admin/studies/{study_id}/raters", status_code=303)


def _text(file: UploadFile | None) -> str:
    if file is None or not file.filename:
        return ""
    try:
        return file.file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(f"the file is not UTF-8 (byte {error.start}). Save it as CSV UTF-8.") from error
