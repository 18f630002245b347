"""The numbers for Prometheus, for who has the token."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.observing import metrics
from backend.routes.dependencies import SettingsDep
from backend.studies.refusals import Unknown

router = APIRouter()


@router.get("/metrics")
def numbers(request: Request, settings: SettingsDep) -> Response:
    """All numbers; without the token there is no such page."""
    token = settings.metrics_token.get_secret_value()
    if not metrics.allowed(token, request.headers.get("authorization", "")):
        raise Unknown("There is no such page.")
    return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)
