"""Mail to a study's raters. The queue is in the database; this process only helps to empty it."""

import logging
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Form, Request
from fastapi.responses import Response

from backend.database.sessions import Database
from backend.mail import queue
from backend.routes.admin.access import AdminDep, CheckedForm
from backend.routes.admin.raters import raters_page, to_raters
from backend.routes.dependencies import DatabaseDep, PagesDep, RowId, SettingsDep
from backend.settings import Settings
from backend.studies.refusals import Conflict, Refused

log = logging.getLogger("dermvtt.mail")

router = APIRouter(prefix="/admin/studies/{study_id}/raters")


@router.post("/mail", dependencies=[CheckedForm])
def write_mails(
    request: Request,
    study_id: RowId,
    admin: AdminDep,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
    background: BackgroundTasks,
    what: Annotated[str, Form()] = "",
) -> Response:
    """Queue mails, and send the queue once the page is answered."""
    try:
        if not settings.mail_is_set:
            raise Conflict("no mail server is set.")
        with database.write() as session:
            count = queue.write(session, study_id, what, settings.mail_interval_days)
        if not count:
            raise Conflict(
                "nobody is due: mail goes to raters with an address and a link, who have not submitted and "
                f"want mail, an invitation once and reminders {settings.mail_interval_days:g} days apart."
            )
    except Refused as problem:
        return raters_page(request, study_id, admin, settings, database, pages, problem=str(problem))
    background.add_task(_send, database, settings)
    return to_raters(study_id)


def _send(database: Database, settings: Settings) -> None:
    try:
        queue.send_all(database, settings)
    except Exception:
        log.exception("mail could not be sent; what waits is kept for: dermvtt mail send")
