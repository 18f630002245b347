"""One mix: its images with their truth, where they come from, what its audit found."""

import re
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from backend.database import mixes
from backend.routes.admin.access import AdminDep, CheckedForm, EditorDep
from backend.routes.dependencies import DatabaseDep, ImagesDep, PagesDep, RowId
from backend.studies.auditing import audit_mix
from backend.studies.mixes import delete_mix, get_mix
from backend.studies.refusals import Unknown

router = APIRouter(prefix="/admin/mixes/{mix_id}")

ON_A_PAGE = 48
HEADERS = {"Cache-Control": "private, max-age=86400, immutable"}
TELLING = ("dataset", "generator", "latent_seed", "index", "diagnosis", "file_sha256")
"""What of an image's provenance is shown under it, and in which order."""
DIGEST = re.compile(r"\b[0-9a-f]{32,64}\b")


@router.get("")
def mix(
    request: Request,
    mix_id: RowId,
    admin: AdminDep,
    database: DatabaseDep,
    pages: PagesDep,
    source: Annotated[str, Query(max_length=32, pattern=r"^[a-z0-9_]*$")] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """A mix, and some of its images."""
    with database.read() as session:
        found = get_mix(session, mix_id)
        shown, counts = mixes.page(session, mix_id, source, (page - 1) * ON_A_PAGE, ON_A_PAGE)
        used = mixes.studies_of(session, mix_id)
    total = counts.get(source, 0) if source else sum(counts.values())
    return pages.render(
        request,
        "admin/mix.html",
        admin=admin,
        mix=found,
        images=shown,
        origins={image.public_id: _origin(image.provenance) for image in shown},
        counts=counts,
        source=source,
        page=page,
        pages_in_all=max(1, -(-total // ON_A_PAGE)),
        studies=used,
    )


@router.get("/images/{public_id}.png")
def picture(
    mix_id: RowId,
    public_id: Annotated[str, Path(pattern="^[0-9a-f]{32}$")],
    _admin: AdminDep,
    database: DatabaseDep,
    images: ImagesDep,
) -> Response:
    """One image, for admins alone."""
    with database.read() as session:
        found = mixes.image(session, mix_id, public_id)
    if found is None:
        raise Unknown("There is no such image.")
    return Response(images.get(found.sha256), media_type="image/png", headers=HEADERS)


@router.post("/audit", dependencies=[CheckedForm])
def audit(mix_id: RowId, admin: EditorDep, database: DatabaseDep, images: ImagesDep) -> Response:
    """Look for what tells fakes from reals, and keep what was found."""
    audit_mix(database, images, mix_id, by=admin.email)
    return RedirectResponse(f"/admin/mixes/{mix_id}#audit", status_code=303)


@router.post("/delete", dependencies=[CheckedForm])
def delete(mix_id: RowId, admin: EditorDep, database: DatabaseDep, images: ImagesDep) -> Response:
    """Delete a mix that no study uses."""
    delete_mix(database, images, mix_id, by=admin.email)
    return RedirectResponse("/admin/mixes", status_code=303)


def _origin(provenance: dict[str, object]) -> str:
    """Where an image comes from, on a line: digests by their first signs."""
    told = [(name, str(provenance[name])) for name in TELLING if name in provenance]
    return ", ".join(f"{name.replace('_', ' ')} {DIGEST.sub(_shortened, value)}" for name, value in told)


def _shortened(digest: re.Match[str]) -> str:
    return f"{digest[0][:12]}…"
