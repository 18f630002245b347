"""The admin's pages. Each route says who may use it; ``access`` knows who asks."""

from fastapi import APIRouter

from backend.routes.admin import (
    account,
    accounts,
    bundles,
    enrolment,
    exports,
    first,
    live,
    log,
    login,
    mail,
    mix_page,
    mixes,
    preview,
    rater_privacy,
    raters,
    results,
    studies,
    study_page,
    study_settings,
)

PARTS = (
    *(login, first, account, accounts, log),
    *(studies, study_page, preview, live, raters, mail, enrolment, rater_privacy),
    *(study_settings, results, exports, mixes, mix_page, bundles),
)

router = APIRouter()
for part in PARTS:
    router.include_router(part.router)
