"""What an admin takes away: ratings, tables and figures."""

from collections.abc import Iterator
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from backend.analysis.report.results import Results, to_csv, to_json
from backend.database.sessions import Database
from backend.routes.access import AdminDep
from backend.routes.dependencies import DatabaseDep, RowId
from backend.studies.exports import EXPORTS, chunks, csv_lines
from backend.studies.lifecycle import get_study
from backend.studies.refusals import Unknown
from backend.studies.results import study_results

router = APIRouter(prefix="/admin/studies/{study_id}")

NO_ANSWERS = "There are no answers yet, so there are no results."
CSV = "text/csv; charset=utf-8"

Data = Literal["ratings", "history", "viewings", "participants"]
Table = Literal["raters", "groups", "agreement"]


@router.get("/{name}.csv")
def csv_file(study_id: RowId, name: Data | Table, _admin: AdminDep, database: DatabaseDep) -> Response:
    """What was recorded, in the contract's columns; or a table of the results, at full precision."""
    headers = _attached(f"study-{study_id}-{name}.csv")
    if name not in EXPORTS:
        return Response(to_csv(_results(database, study_id), name).encode(), media_type=CSV, headers=headers)
    with database.read() as session:
        get_study(session, study_id)  # an error is a page as long as nothing has been sent
    return StreamingResponse(_streamed(database, study_id, name), media_type=CSV, headers=headers)


@router.get("/results.json")
def results_json(study_id: RowId, _admin: AdminDep, database: DatabaseDep) -> Response:
    """All results, as ``dermvtt analyze --json`` prints them."""
    text = to_json(_results(database, study_id))
    headers = _attached(f"study-{study_id}-results.json")
    return Response(text.encode(), media_type="application/json", headers=headers)


@router.get("/figures/{name}.svg")
def figure(
    study_id: RowId, name: Literal["figure5a", "figure5b"], _admin: AdminDep, database: DatabaseDep
) -> Response:
    """One of the two figures."""
    # Imported here: drawing is seldom, and a server should not load matplotlib to start.
    from backend.analysis.figures import figure5 as figures  # noqa: PLC0415

    draw = {"figure5a": figures.rates_figure, "figure5b": figures.accuracy_figure}[name]
    return Response(figures.svg(draw(_results(database, study_id))), media_type="image/svg+xml")


def _streamed(database: Database, study_id: int, name: str) -> Iterator[bytes]:
    with database.read() as session:
        yield from chunks(csv_lines(session, get_study(session, study_id), name))


def _results(database: Database, study_id: int) -> Results:
    with database.read() as session:
        found = study_results(session, get_study(session, study_id))
    if found is None:
        raise Unknown(NO_ANSWERS)
    return found


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
