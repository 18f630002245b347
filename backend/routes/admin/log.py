"""The audit log, for owners: a page at a time, and all of it as a file."""

import tempfile
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from backend.database import events
from backend.database.events import Chosen
from backend.database.limits import LARGEST_ID
from backend.routes.admin.access import OwnerDep
from backend.routes.admin.exports import Kind, sent
from backend.routes.admin.trail import downloaded
from backend.routes.dependencies import DatabaseDep, PagesDep
from backend.studies import audit_log, journal
from backend.studies.exports import FORMATS

router = APIRouter(prefix="/admin")

Study = Annotated[str, Query(pattern=r"^[0-9]{0,9}$")]
Actor = Annotated[str, Query(max_length=254, pattern=r"^[^\x00]*$")]
What = Annotated[str, Query(max_length=32, pattern=r"^[^\x00]*$")]


@router.get("/log")
def log(
    request: Request,
    admin: OwnerDep,
    database: DatabaseDep,
    pages: PagesDep,
    study: Study = "",
    actor: Actor = "",
    kind: What = "",
    page: Annotated[int, Query(ge=1, le=LARGEST_ID // journal.PAGE)] = 1,
) -> Response:
    """A page of the log."""
    chosen = _chosen(study, actor, kind)
    with database.read() as session:
        values = {
            "lines": journal.log_page(session, chosen, page),
            "last": journal.pages_of(session, chosen),
            "actors": events.actors(session),
            "kinds": events.kinds(session),
        }
    query = {"study": study, "actor": actor, "kind": kind}
    values |= query | {"page": page, "query": urlencode(query), "formats": list(FORMATS)}
    return pages.render(request, "admin/log.html", admin=admin, **values)


@router.get("/log.{form}")
def log_file(
    form: Kind,
    admin: OwnerDep,
    database: DatabaseDep,
    study: Study = "",
    actor: Actor = "",
    kind: What = "",
) -> Response:
    """The log as a file; written to a file first, as other exports are."""
    downloaded(database, None, f"log.{form}", admin)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has been sent
    try:
        audit_log.write_log(database, _chosen(study, actor, kind), form, file)
    except BaseException:
        file.close()
        raise
    return sent(file, f"dermvtt-log.{form}", FORMATS[form].media)


def _chosen(study: str, actor: str, kind: str) -> Chosen:
    return Chosen(int(study) if study else None, actor.strip(), kind)
