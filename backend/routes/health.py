"""Whether the process answers, and whether it can do its work."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from backend.observing.readiness import OK

router = APIRouter()


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers; not run in a thread, of which none may be free."""
    return {"status": OK}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Each part that the server needs: only where all are ``ok`` should requests be sent here."""
    # In a thread of asyncio's: those that serve pages may all be at work.
    parts = await asyncio.to_thread(request.app.state.readiness.parts)
    ready = set(parts.values()) == {OK}
    return JSONResponse({"status": OK if ready else "not ready", "parts": parts}, 200 if ready else 503)
