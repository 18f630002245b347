"""A study's progress as it happens, by server-sent events."""

import time
from collections.abc import AsyncIterator, Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from backend.database.changes import Changes
from backend.database.outages import outage_of
from backend.routes.admin.access import AdminDep, still_logged_in
from backend.routes.dependencies import DatabaseDep, PagesDep, RowId, SettingsDep
from backend.studies.lifecycle import get_study
from backend.watching.board import board

router = APIRouter(prefix="/admin/studies/{study_id}")

SHORTEST_S, LONGEST_S = 1.0, 15.0
"""Between two looks at the database: at least, and at most, so that a dead line is found out."""
SHARE = 0.1
"""Of the time at most this share goes into looking, however large the study."""
LIFETIME_S = 300.0
"""After which a stream ends and the browser opens the next: a proxy may have forgotten about this one."""
RETRY = "retry: 2000\n\n"


@router.get("/live")
def live(
    request: Request,
    study_id: RowId,
    _admin: AdminDep,
    settings: SettingsDep,
    database: DatabaseDep,
    pages: PagesDep,
) -> Response:
    """The table of raters, anew whenever it changes, for as long as the log-in lasts."""

    def table() -> str | None:
        if not still_logged_in(request, settings, database):
            return None
        with database.read() as session:
            study = get_study(session, study_id)
            found = board(session, study)
        return pages.fragment("admin/_progress.html", study=study, board=found)

    table()  # an error is a page as long as nothing has been sent
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    changes = request.app.state.changes
    return StreamingResponse(_events(changes, table), media_type="text/event-stream", headers=headers)


async def _events(changes: Changes, table: Callable[[], str | None]) -> AsyncIterator[str]:
    shown, ends = "", time.monotonic() + LIFETIME_S
    yield RETRY
    with changes.watch() as watching:
        while time.monotonic() < ends:
            began, took = time.monotonic(), 0.0
            try:
                html = await run_in_threadpool(table)
                took = time.monotonic() - began
            except Exception as error:
                if outage_of(error) is None:
                    raise
                html = shown  # it may pass; so long the page stays as it was
            if html is None:
                return
            # A comment where nothing changed: a line that is dead is found out by writing to it.
            yield _event("progress", html) if html != shown else ": still here\n\n"
            shown = html
            if not await watching.wait(max(SHORTEST_S, took / SHARE), LONGEST_S):
                return


def _event(name: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n"
