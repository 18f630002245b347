"""The results of a study: the report on a page, live, and each of its parts as a file."""

import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.database import mixes, raters
from backend.database.sessions import Database
from backend.extras import NotInstalled
from backend.routes.admin.access import AdminAccess, AdminDep
from backend.routes.admin.trail import downloaded
from backend.routes.dependencies import DatabaseDep, ImagesDep, PagesDep, RowId
from backend.storage import ImageStore
from backend.studies.lifecycle import get_study
from backend.studies.refusals import Unknown
from backend.studies.results import SEALED, sealed, study_results

if TYPE_CHECKING:
    from backend.analysis.report.results import Results

router = APIRouter(prefix="/admin/studies/{study_id}")

NO_ANSWERS = "There are no answers yet, so there are no results."
MEDIA = {
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "tex": "application/x-tex; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "zip": "application/zip",
}

Kind = Literal["svg", "pdf", "png"]


@router.get("/results")
def results(
    request: Request, study_id: RowId, admin: AdminDep, database: DatabaseDep, pages: PagesDep
) -> Response:
    """The report, as far as the study has come."""
    with database.read() as session:
        study = get_study(session, study_id)
        closed_to = sealed(study)
        found, lacking = None, ""
        try:
            found = None if closed_to else study_results(session, study)
        except NotInstalled as error:
            lacking = str(error)
        progress = raters.progress(session, study.id)
        truths = [image.truth for image in mixes.images_of(session, study.id)]
    return pages.render(
        request,
        "admin/results.html",
        admin=admin,
        study=study,
        drawn=study.drawn,
        reals=truths.count("real"),
        fakes=truths.count("fake"),
        sealed=SEALED if closed_to else "",
        report=_body(study_id, found) if found else "",
        lacking=lacking,
        tables=_tables() if found else [],
        unfinished=sum(one.rater.submitted_at is None for one in progress),
    )


@router.get("/results.json")
def results_json(study_id: RowId, admin: AdminDep, database: DatabaseDep) -> Response:
    """All results, as ``dermvtt analyze --json`` prints them."""
    found = _results(database, study_id)
    from backend.analysis.report.serial import to_json  # noqa: PLC0415 - an extra: after the results

    return _download(database, admin, study_id, "results.json", to_json(found).encode())


@router.get("/results/{name}.csv")
def table(study_id: RowId, name: str, admin: AdminDep, database: DatabaseDep) -> Response:
    """One table of the results, at full precision."""
    found = _results(database, study_id)
    from backend.analysis.report.serial import to_csv  # noqa: PLC0415 - as above

    if name not in _tables():
        raise Unknown(f"the results have no table {name!r}.")
    return _download(database, admin, study_id, f"{name}.csv", to_csv(found, name).encode())


@router.get("/results/{name}.tex")
def latex(study_id: RowId, name: str, admin: AdminDep, database: DatabaseDep) -> Response:
    """One table of the report for a paper."""
    found = _results(database, study_id)
    from backend.analysis.report.latex import to_latex  # noqa: PLC0415 - as above
    from backend.analysis.report.views import views  # noqa: PLC0415

    shown = next((one for one in views(found) if one.name == name), None)
    if shown is None:
        raise Unknown(f"the report has no table {name!r}.")
    return _download(database, admin, study_id, f"{name}.tex", to_latex(shown).encode())


@router.get("/figures/{name}.{kind}")
def figure(
    study_id: RowId, name: str, kind: Kind, admin: AdminDep, database: DatabaseDep, images: ImagesDep
) -> Response:
    """One figure of the report."""
    found = _results(database, study_id)
    # Imported here: drawing is seldom, and a server should not load matplotlib to start.
    from backend.analysis.figures.formats import FORMATS  # noqa: PLC0415
    from backend.analysis.report.drawing import figures_of  # noqa: PLC0415

    figures = figures_of(found, _pictures(database, images, study_id))
    if name not in figures:
        raise Unknown(f"the report has no figure {name!r}.")
    if kind != "svg":  # which the page shows
        downloaded(database, study_id, f"{name}.{kind}", admin)
    return Response(FORMATS[kind](figures[name].draw(found)), media_type=MEDIA[kind])


@router.get("/report.html")
def report(study_id: RowId, admin: AdminDep, database: DatabaseDep, images: ImagesDep) -> Response:
    """The report in one page that needs nothing else."""
    found = _results(database, study_id)
    from backend.analysis.report.folder import page  # noqa: PLC0415 - as above

    text = page(found, _pictures(database, images, study_id))
    return _download(database, admin, study_id, "report.html", text.encode())


@router.get("/report.zip")
def archive(study_id: RowId, admin: AdminDep, database: DatabaseDep, images: ImagesDep) -> Response:
    """Everything that ``dermvtt analyze --out --latex`` writes."""
    found = _results(database, study_id)
    from backend.analysis.report.folder import write_folder  # noqa: PLC0415 - as above

    stream = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as parent,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        folder = Path(parent) / f"study-{study_id}-report"
        pictures = _pictures(database, images, study_id)
        write_folder(found, folder, latex=True, picture=pictures)
        for path in sorted(folder.rglob("*")):
            packed.write(path, path.relative_to(parent))
    return _download(database, admin, study_id, "report.zip", stream.getvalue())


def _tables() -> list[str]:
    from backend.analysis.report.serial import tables  # noqa: PLC0415 - as above

    return list(tables())


def _body(study_id: int, found: "Results") -> str:
    """The report's body with its figures as files of their own, which come when they are in sight."""
    from backend.analysis.report.drawing import figures_of  # noqa: PLC0415 - as above
    from backend.analysis.report.html import Shown, body  # noqa: PLC0415

    here = f"/admin/studies/{study_id}/figures"
    shown = [
        Shown(
            name,
            one.title,
            one.caption,
            f"{here}/{name}.svg",
            files=[(kind.upper(), f"{here}/{name}.{kind}") for kind in ("svg", "pdf", "png")],
            wide=one.wide,
        )
        for name, one in figures_of(found, lambda _: None).items()
    ]
    return body(found, shown, lazy=True)


def _pictures(database: Database, images: ImageStore, study_id: int) -> Callable[[str], bytes | None]:
    """What gives an image of the study by its name; ``None`` where it is lost."""
    with database.read() as session:
        stored = {image.public_id: image.sha256 for image in mixes.images_of(session, study_id)}

    def picture(name: str) -> bytes | None:
        try:
            return images.get(stored[name])
        except (KeyError, OSError):
            return None

    return picture


def _results(database: Database, study_id: int) -> "Results":
    with database.read() as session:
        found = study_results(session, get_study(session, study_id))
    if found is None:
        raise Unknown(NO_ANSWERS)
    return found


def _download(database: Database, admin: AdminAccess, study_id: int, name: str, content: bytes) -> Response:
    downloaded(database, study_id, name, admin)
    headers = {"Content-Disposition": f'attachment; filename="study-{study_id}-{name}"'}
    return Response(content, media_type=MEDIA[name.rsplit(".", 1)[1]], headers=headers)
