"""What an admin takes away: ratings, tables and figures."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response

from backend.analysis.report import Results, to_csv, to_json
from backend.routes.access import AdminDep
from backend.routes.dependencies import DatabaseDep, RowId
from backend.studies.lifecycle import get_study
from backend.studies.refusals import Unknown
from backend.studies.results import ratings_csv as csv_text
from backend.studies.results import study_results

router = APIRouter(prefix="/admin/studies/{study_id}")

NO_ANSWERS = "There are no answers yet, so there are no results."


@router.get("/ratings.csv")
def ratings_csv(study_id: RowId, _admin: AdminDep, database: DatabaseDep) -> Response:
    """Every rater's current answer to every image, in the contract's columns."""
    with database.read() as session:
        text = csv_text(session, get_study(session, study_id))
    return _attachment(text.encode(), "text/csv; charset=utf-8", f"study-{study_id}-ratings.csv")


@router.get("/{table}.csv")
def table_csv(
    study_id: RowId, table: Literal["raters", "groups", "agreement"], _admin: AdminDep, database: DatabaseDep
) -> Response:
    """One table of the results, at full precision."""
    text = to_csv(_results(database, study_id), table)
    return _attachment(text.encode(), "text/csv; charset=utf-8", f"study-{study_id}-{table}.csv")


@router.get("/results.json")
def results_json(study_id: RowId, _admin: AdminDep, database: DatabaseDep) -> Response:
    """All results, as ``dermvtt analyze --json`` prints them."""
    text = to_json(_results(database, study_id))
    return _attachment(text.encode(), "application/json", f"study-{study_id}-results.json")


@router.get("/figures/{name}.svg")
def figure(
    study_id: RowId, name: Literal["figure5a", "figure5b"], _admin: AdminDep, database: DatabaseDep
) -> Response:
    """One of the two figures."""
    # Imported here: drawing is seldom, and a server should not load matplotlib to start.
    from backend.analysis import figures  # noqa: PLC0415

    draw = {"figure5a": figures.rates_figure, "figure5b": figures.accuracy_figure}[name]
    return Response(figures.svg(draw(_results(database, study_id))), media_type="image/svg+xml")


def _results(database: DatabaseDep, study_id: RowId) -> Results:
    with database.read() as session:
        found = study_results(session, get_study(session, study_id))
    if found is None:
        raise Unknown(NO_ANSWERS)
    return found


def _attachment(data: bytes, media_type: str, name: str) -> Response:
    return Response(
        data, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
