"""Taking in a whole study from another installation."""

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import FormData

from backend.routes.admin.access import EditorDep
from backend.routes.admin.uploads import Intake, IntakeDep, file_of
from backend.studies.bundles import Taken, take_in

router = APIRouter(prefix="/admin/bundles")


@router.get("")
def form(intake: IntakeDep, _admin: EditorDep) -> Response:
    """The form that brings a bundle."""
    return _page(intake)


@router.post("/import")
async def import_bundle(intake: IntakeDep, _admin: EditorDep) -> Response:
    """Take a bundle in, with all the checks that the command makes; then show its study."""

    def take(form: FormData) -> str | Response:
        file, _ = file_of(form, "bundle", "the zip of a study")
        taken = take_in(intake.database, intake.images, file.file, by=intake.admin.email)
        return f"/admin/studies/{taken.study_id}" if taken.new else _page(intake, there=taken)

    return await intake.taken(take, _page)


def _page(intake: Intake, *, there: Taken | None = None, problem: str = "", status: int = 200) -> Response:
    return intake.render("admin/bundle.html", status=status, there=there, problem=problem)
