"""The admin's mixes: all of them, and taking one in, as it is or built from images."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import FormData

from backend.database import mixes
from backend.routes.admin.access import AdminDep, EditorDep
from backend.routes.admin.uploads import Intake, IntakeDep, file_of, text_of
from backend.studies import building
from backend.studies.mixes import LONGEST_NAME, import_mix
from backend.studies.refusals import Invalid

router = APIRouter(prefix="/admin/mixes")

FAMILY = re.compile(r"[a-z][a-z0-9_]{0,31}")
RESOLUTIONS = (64, 128, 256, 512, 1024)


@router.get("")
def home(intake: IntakeDep, _admin: AdminDep) -> Response:
    """All mixes, and the forms that bring one."""
    return _page(intake)


@router.post("/upload")
async def upload(intake: IntakeDep, _admin: EditorDep) -> Response:
    """Take in the zip of a mix folder."""

    def take(form: FormData) -> str:
        from backend.intake.unpacking import unpacked_mix  # noqa: PLC0415 - seldom needed

        file, label = file_of(form, "mix", "the zip of a mix")
        name = text_of(form, "name") or Path(label).stem
        with unpacked_mix(file.file, label) as folder:
            return _take_in(intake, folder, name)

    return await intake.taken(take, _page)


@router.post("/build")
async def build(intake: IntakeDep, _admin: EditorDep) -> Response:
    """Make a mix of two zips of images, and take it in."""

    def take(form: FormData) -> str:
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
            return _take_in(intake, folder, text_of(form, "name") or family)

    return await intake.taken(take, _page)


def _take_in(intake: Intake, folder: Path, name: str) -> str:
    imported = import_mix(intake.database, intake.images, folder, name[:LONGEST_NAME], by=intake.admin.email)
    return f"/admin/mixes/{imported.mix.id}"


def _page(intake: Intake, *, problem: str = "", status: int = 200) -> Response:
    with intake.database.read() as session:
        found = mixes.everything(session)
    return intake.render(
        "admin/mixes.html",
        status=status,
        mixes=found,
        problem=problem,
        resolutions=RESOLUTIONS,
        resolution=building.RESOLUTION,
        longest_name=LONGEST_NAME,
    )
