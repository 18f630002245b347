"""What an admin takes away of what was recorded, in each format, and what its columns mean."""

import os
import tempfile
from collections.abc import Callable, Iterator
from typing import BinaryIO, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from backend.routes.admin.access import AdminDep
from backend.routes.admin.trail import downloaded
from backend.routes.dependencies import DatabaseDep, ImagesDep, PagesDep, RowId
from backend.studies.bundles import write_bundle
from backend.studies.exports import EXPORTS, FORMATS, codebook, write_export
from backend.studies.lifecycle import get_study
from backend.studies.results import SEALED, sealed

router = APIRouter(prefix="/admin/studies/{study_id}/exports")

What = Literal["ratings", "history", "viewings", "participants", "raters", "events", "images"]
Kind = Literal["csv", "json", "xlsx", "parquet"]
PACKET = 1 << 16


@router.get("")
def page(
    request: Request, study_id: RowId, admin: AdminDep, database: DatabaseDep, pages: PagesDep
) -> Response:
    """All exports with what they hold."""
    with database.read() as session:
        study = get_study(session, study_id)
    return pages.render(
        request,
        "admin/exports.html",
        admin=admin,
        study=study,
        drawn=study.drawn,
        sealed=SEALED if sealed(study) else "",
        exports=EXPORTS,
        formats=list(FORMATS),
    )


@router.get("/codebook.md")
def columns(study_id: RowId, _admin: AdminDep, database: DatabaseDep) -> Response:
    """What each column of each export means."""
    with database.read() as session:
        get_study(session, study_id)
    return Response(codebook(), media_type="text/markdown; charset=utf-8", headers=_named("codebook.md"))


@router.get("/bundle.zip")
def bundle(study_id: RowId, admin: AdminDep, database: DatabaseDep, images: ImagesDep) -> Response:
    """The whole study, for another installation to import."""

    def write(file: BinaryIO) -> None:
        write_bundle(database, images, study_id, file)
        downloaded(database, study_id, "bundle.zip", admin)

    return as_file(f"study-{study_id}-bundle.zip", "application/zip", write)


@router.get("/{name}.{kind}")
def export(study_id: RowId, name: What, kind: Kind, admin: AdminDep, database: DatabaseDep) -> Response:
    """What was recorded."""

    def write(file: BinaryIO) -> None:
        write_export(database, study_id, name, kind, file)
        downloaded(database, study_id, f"{name}.{kind}", admin)

    return as_file(f"study-{study_id}-{name}.{kind}", FORMATS[kind].media, write)


def as_file(name: str, media: str, write: Callable[[BinaryIO], None]) -> StreamingResponse:
    """What is written, as a download.

    Written to a temporary file first: so an error is a page, the browser knows the length, and a slow or
    broken download holds neither a connection to the database nor a transaction. The file is gone once it
    was sent, or the download was broken off.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has been sent
    try:
        write(file)
    except BaseException:
        file.close()
        raise
    length = file.seek(0, os.SEEK_END)
    headers = _named(name) | {"Content-Length": str(length)}
    return StreamingResponse(_packets(file), media_type=media, headers=headers)


def _packets(file: BinaryIO) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while packet := file.read(PACKET):
            yield packet


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
