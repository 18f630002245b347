"""The audit log, for owners: a page at a time, and all of it as a file."""

from typing import Annotated, BinaryIO
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from backend.database import events
from backend.database.events import Chosen
from backend.database.limits import LARGEST_ID
from backend.routes.admin.access import OwnerDep
from backend.routes.admin.exports import Kind, as_file
from backend.routes.admin.trail import downloaded
from backend.routes.dependencies import DatabaseDep, PagesDep
from backend.studies import audit_log, journal
from backend.studies.exports import FORMATS

router = APIRouter(prefix="/admin")

_Study = Annotated[str, Query(pattern=r"^[0-9]{0,9}$")]
_Actor = Annotated[str, Query(max_length=254, pattern=r"^[^\x00]*$")]
_What = Annotated[str, Query(max_length=32, pattern=r"^[^\x00]*$")]


# `async`, as all dependencies that only hand on: others go through a thread.
async def _chosen(study: _Study = "", actor: _Actor = "", kind: _What = "") -> Chosen:
    return Chosen(int(study) if study else None, actor.strip(), kind)


ChosenDep = Annotated[Chosen, Depends(_chosen)]


@router.get("/log")
def log(
    request: Request,
    admin: OwnerDep,
    database: DatabaseDep,
    pages: PagesDep,
    chosen: ChosenDep,
    page: Annotated[int, Query(ge=1, le=LARGEST_ID // journal.PAGE)] = 1,
) -> Response:
    """A page of the log."""
    with database.read() as session:
        values = {
            "lines": journal.log_page(session, chosen, page),
            "last": journal.pages_of(session, chosen),
            "actors": events.actors(session),
            "kinds": events.kinds(session),
        }
    study = "" if chosen.study_id is None else str(chosen.study_id)
    query = {"study": study, "actor": chosen.by, "kind": chosen.kind}
    values |= query | {"page": page, "query": urlencode(query), "formats": list(FORMATS)}
    return pages.render(request, "admin/log.html", admin=admin, **values)


@router.get("/log.{form}")
def log_file(form: Kind, admin: OwnerDep, database: DatabaseDep, chosen: ChosenDep) -> Response:
    """The log as a file."""
    downloaded(database, None, f"log.{form}", admin)

    def write(file: BinaryIO) -> None:
        audit_log.write_log(database, chosen, form, file)

    return as_file(f"dermvtt-log.{form}", FORMATS[form].media, write)
