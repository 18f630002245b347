"""The admin's pages. Each route says who may use it; ``access`` knows who asks."""

from fastapi import APIRouter

from backend.routes.admin import (
    exports,
    live,
    login,
    mix_page,
    mixes,
    results,
    studies,
    study_page,
    study_settings,
)

PARTS = (login, studies, study_page, live, study_settings, results, exports, mixes, mix_page)

router = APIRouter()
for part in PARTS:
    router.include_router(part.router)
