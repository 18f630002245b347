"""What an admin takes away of what was recorded: ratings, their history, viewings, participants."""

from collections.abc import Iterator
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from backend.database.sessions import Database
from backend.routes.admin.access import AdminDep
from backend.routes.dependencies import DatabaseDep, RowId
from backend.studies.exports import chunks, csv_lines
from backend.studies.lifecycle import get_study

router = APIRouter(prefix="/admin/studies/{study_id}")

CSV = "text/csv; charset=utf-8"

Data = Literal["ratings", "history", "viewings", "participants"]


@router.get("/{name}.csv")
def csv_file(study_id: RowId, name: Data, _admin: AdminDep, database: DatabaseDep) -> Response:
    """What was recorded, in the contract's columns."""
    headers = {"Content-Disposition": f'attachment; filename="study-{study_id}-{name}.csv"'}
    with database.read() as session:
        get_study(session, study_id)  # an error is a page as long as nothing has been sent
    return StreamingResponse(_streamed(database, study_id, name), media_type=CSV, headers=headers)


def _streamed(database: Database, study_id: int, name: str) -> Iterator[bytes]:
    with database.read() as session:
        yield from chunks(csv_lines(session, get_study(session, study_id), name))
