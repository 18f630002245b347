"""Mail to a study's raters. The queue is in the database; this process only helps to empty it."""

import logging
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Form
from fastapi.responses import Response

from backend.database.sessions import Database
from backend.mail import queue
from backend.routes.admin.access import CheckedForm
from backend.routes.admin.raters import RatersPageDep, to_raters
from backend.settings import Settings
from backend.studies.refusals import Conflict, Refused

log = logging.getLogger("dermvtt.mail")

router = APIRouter(prefix="/admin/studies/{study_id}/raters")


@router.post("/mail", dependencies=[CheckedForm])
def write_mails(
    page: RatersPageDep,
    background: BackgroundTasks,
    what: Annotated[str, Form()] = "",
) -> Response:
    """Queue mails, and send the queue once the page is answered."""
    try:
        if not page.settings.mail_is_set:
            raise Conflict("no mail server is set.")
        days = page.settings.mail_interval_days
        with page.database.write() as session:
            count = queue.write(session, page.study_id, what, days, by=page.admin.email)
        if not count:
            raise Conflict(
                "nobody is due: mail goes to raters with an address and a link, who have not submitted and "
                f"want mail, an invitation once and reminders {days:g} days apart."
            )
    except Refused as problem:
        return page(problem=str(problem))
    background.add_task(_send, page.database, page.settings)
    return to_raters(page.study_id)


def _send(database: Database, settings: Settings) -> None:
    try:
        queue.send_all(database, settings)
    except Exception:
        log.exception("mail could not be sent; what waits is kept for: dermvtt mail send")
