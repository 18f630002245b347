"""The admin's mixes: all of them, and taking one in, as it is or built from images."""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from backend.database import mixes
from backend.routes.admin.access import AdminAccess, AdminDep, EditorDep
from backend.routes.admin.uploads import file_of, received, text_of
from backend.routes.dependencies import DatabaseDep, ImagesDep, PagesDep, SettingsDep
from backend.storage import StorageUnavailable
from backend.studies import building
from backend.studies.mixes import LONGEST_NAME, Imported, import_mix
from backend.studies.refusals import Conflict, Invalid
from training.errors import UserError

router = APIRouter(prefix="/admin/mixes")

FAMILY = re.compile(r"[a-z][a-z0-9_]{0,31}")
RESOLUTIONS = (64, 128, 256, 512, 1024)


@router.get("")
def home(
    request: Request, admin: AdminDep, database: DatabaseDep, pages: PagesDep, settings: SettingsDep
) -> Response:
    """All mixes, and the forms that bring one."""
    return _page(request, admin, database, pages, settings)


@router.post("/upload")
async def upload(
    request: Request,
    admin: EditorDep,
    database: DatabaseDep,
    images: ImagesDep,
    pages: PagesDep,
    settings: SettingsDep,
) -> Response:
    """Take in the zip of a mix folder."""

    def take(form: FormData) -> Imported:
        from backend.intake.unpacking import unpacked_mix  # noqa: PLC0415 - seldom needed

        file, label = file_of(form, "mix", "the zip of a mix")
        name = text_of(form, "name") or Path(label).stem
        with unpacked_mix(file.file, label) as folder:
            return import_mix(database, images, folder, name[:LONGEST_NAME], by=admin.email)

    return await _taken(request, admin, database, pages, settings, take)


@router.post("/build")
async def build(
    request: Request,
    admin: EditorDep,
    database: DatabaseDep,
    images: ImagesDep,
    pages: PagesDep,
    settings: SettingsDep,
) -> Response:
    """Make a mix of two zips of images, and take it in."""

    def take(form: FormData) -> Imported:
        from backend.intake.archives import Archive  # noqa: PLC0415 - seldom needed

        real, real_label = file_of(form, "reals", "a zip of real images")
        fake, fake_label = file_of(form, "fakes", "a zip of generated images")
        resolution, family = text_of(form, "resolution"), text_of(form, "family") or building.FAMILY
        if resolution not in {str(one) for one in RESOLUTIONS}:
            raise Invalid("Please choose one of the sizes that are offered.")
        if not FAMILY.fullmatch(family):
            raise Invalid("What generated the fakes is named in small letters, digits and _, as stylegan3.")
        with TemporaryDirectory(prefix="dermvtt-build-") as parent:
            folder = Path(parent) / "mix"
            sources = Archive(real.file, real_label), Archive(fake.file, fake_label)
            building.build_mix(*sources, folder, resolution=int(resolution), family=family)
            called = text_of(form, "name")[:LONGEST_NAME] or family
            return import_mix(database, images, folder, called, by=admin.email)

    return await _taken(request, admin, database, pages, settings, take)


async def _taken(
    request: Request,
    admin: AdminAccess,
    database: DatabaseDep,
    pages: PagesDep,
    settings: SettingsDep,
    take: Callable[[FormData], Imported],
) -> Response:
    try:
        async with received(request, settings) as form:
            imported = await run_in_threadpool(take, form)
    except Conflict:  # a form that is out of date, or another site's
        raise
    except (UserError, StorageUnavailable) as problem:
        told = problem.strerror if isinstance(problem, StorageUnavailable) else problem
        status = 503 if isinstance(problem, StorageUnavailable) else 422
        values = {"problem": f"{told} Nothing was imported.", "status": status}
        return await run_in_threadpool(_page, request, admin, database, pages, settings, **values)
    return RedirectResponse(f"/admin/mixes/{imported.mix.id}", status_code=303)


def _page(
    request: Request,
    admin: AdminAccess,
    database: DatabaseDep,
    pages: PagesDep,
    settings: SettingsDep,
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    with database.read() as session:
        found = mixes.everything(session)
    return pages.render(
        request,
        "admin/mixes.html",
        status=status,
        admin=admin,
        mixes=found,
        problem=problem,
        resolutions=RESOLUTIONS,
        resolution=building.RESOLUTION,
        most_mb=settings.max_upload_mb,
        longest_name=LONGEST_NAME,
    )
